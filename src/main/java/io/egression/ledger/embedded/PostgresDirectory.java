package io.egression.ledger.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory of the embedded PostgreSQL. One object at a time has it; the lock ends with the
 * JVM. What takes long to make is made as a part beside its place and then renamed: what stands in
 * its place is whole, also after a power failure.
 */
final class PostgresDirectory implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresDirectory.class);
  private static final String PART = ".part-";
  private static final int PASSWORD_BYTES = 32;

  /** pg_ctl puts the path between double quotes into a shell's command line. */
  private static final Pattern UNSAFE = Pattern.compile("[\"$`\\\\\\n\\r]");

  private final Path root;
  private final FileChannel lock;

  private PostgresDirectory(Path root, FileChannel lock) {
    this.root = root;
    this.lock = lock;
  }

  static PostgresDirectory open(Path directory) {
    Path root = directory.toAbsolutePath().normalize();
    if (UNSAFE.matcher(root.toString()).find()) {
      throw new IllegalStateException(
          "PostgreSQL cannot work in a directory with one of \"$`\\ in its name: " + root);
    }
    try {
      if (!Files.exists(root)) {
        Files.createDirectories(root);
        Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxr-xr-x"));
      }
      PostgresDirectory opened = new PostgresDirectory(root, lock(root));
      opened.deleteParts();
      return opened;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "PostgreSQL's directory %s cannot be used: %s".formatted(root, e), e);
    }
  }

  private static FileChannel lock(Path root) throws IOException {
    FileChannel channel =
        FileChannel.open(root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    boolean locked = false;
    try {
      locked = channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      LOG.debug("{} is in use by this JVM", root, e);
    } finally {
      if (!locked) {
        channel.close();
      }
    }
    if (!locked) {
      throw new IllegalStateException("Another hub is using PostgreSQL's directory " + root);
    }
    return channel;
  }

  Path root() {
    return root;
  }

  Path data() {
    return root.resolve("data");
  }

  Path log() {
    return root.resolve("postgres.log");
  }

  Path passwordFile() {
    return root.resolve("password");
  }

  String password() {
    try {
      return Files.readString(passwordFile()).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(
          "PostgreSQL's password is missing: %s".formatted(passwordFile()), e);
    }
  }

  /** Makes a random password, unless there is one. */
  void ensurePassword() {
    if (Files.exists(passwordFile())) {
      return;
    }
    byte[] bytes = new byte[PASSWORD_BYTES];
    new SecureRandom().nextBytes(bytes);
    Path part = newPart("password");
    Path file = part.resolve("password");
    write(file, Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
    publish(file, passwordFile());
    delete(part);
  }

  /** A new directory, for the owner alone; it is deleted at the next start if it is still there. */
  Path newPart(String name) {
    try {
      return Files.createTempDirectory(root, name + PART);
    } catch (IOException e) {
      throw new UncheckedIOException("%s cannot be written to".formatted(root), e);
    }
  }

  /** Renames a finished part to its place. */
  void publish(Path part, Path place) {
    try {
      Files.move(part, place, StandardCopyOption.ATOMIC_MOVE);
      try (FileChannel channel = FileChannel.open(root, StandardOpenOption.READ)) {
        channel.force(true);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("%s cannot be made".formatted(place), e);
    }
  }

  void delete(Path tree) {
    try (Stream<Path> paths = Files.walk(tree)) {
      List<Path> deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
      for (Path path : deepestFirst) {
        Files.delete(path);
      }
    } catch (IOException | UncheckedIOException e) {
      LOG.warn("{} is not needed any more, but cannot be deleted", tree, e);
    }
  }

  @Override
  public void close() {
    try {
      lock.close();
    } catch (IOException e) {
      throw new UncheckedIOException("The lock on %s cannot be given up".formatted(root), e);
    }
  }

  private void deleteParts() throws IOException {
    try (DirectoryStream<Path> parts = Files.newDirectoryStream(root, "*" + PART + "*")) {
      parts.forEach(this::delete);
    }
  }

  private static void write(Path file, String text) {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
      channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
      channel.force(true);
    } catch (IOException e) {
      throw new UncheckedIOException("%s cannot be written".formatted(file), e);
    }
  }
}
