package io.egression;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The directory of what a hub keeps, locked while it runs: it admits one hub. */
final class DataDirectory implements AutoCloseable {
  private static final Set<PosixFilePermission> OWNER =
      PosixFilePermissions.fromString("rwx------");

  private final Path path;
  private final FileChannel channel;

  private DataDirectory(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /**
   * Locks the directory, making it if need be.
   *
   * @throws IllegalStateException if another hub has it, naming that
   */
  static DataDirectory lock(Path path) {
    try {
      if (!Files.isDirectory(path)) {
        Files.createDirectories(path);
        restrict(path, OWNER);
      }
      FileChannel channel =
          FileChannel.open(
              path.resolve("hub.lock"),
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      if (tryLock(channel) == null) {
        String holder = Files.readString(path.resolve("hub.pid")).strip();
        channel.close();
        throw new IllegalStateException(
            "the data directory %s is in use by another hub (process %s); stop it, or set egression.data.dir"
                .formatted(path.toAbsolutePath(), holder));
      }
      Files.writeString(path.resolve("hub.pid"), ProcessHandle.current().pid() + "\n");
      return new DataDirectory(path, channel);
    } catch (IOException e) {
      throw new UncheckedIOException("the data directory " + path + " cannot be used", e);
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // a hub in this very process has it
    }
  }

  Path resolve(String name) {
    return path.resolve(name);
  }

  /** Writes a secret that only the owner can read. */
  void writeSecret(String name, String secret) {
    Path file = path.resolve(name);
    try {
      Files.deleteIfExists(file);
      Files.createFile(file);
      restrict(file, PosixFilePermissions.fromString("rw-------"));
      Files.writeString(file, secret + "\n", StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file, e);
    }
  }

  private static void restrict(Path path, Set<PosixFilePermission> permissions) throws IOException {
    if (path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.setPosixFilePermissions(path, permissions);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
