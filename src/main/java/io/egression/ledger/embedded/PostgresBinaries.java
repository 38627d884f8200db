package io.egression.ledger.embedded;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tukaani.xz.XZInputStream;

/**
 * PostgreSQL's programs for this platform, unpacked from the class path into {@code
 * <directory>/server-<checksum>}, where they are found again at the next start.
 */
final class PostgresBinaries {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresBinaries.class);
  private static final int CHECKSUM_BYTES = 6;
  private static final int BUFFER = 1 << 16;

  private PostgresBinaries() {}

  static Path unpack(PostgresDirectory directory) {
    URL archive = archive(System.getProperty("os.name"), System.getProperty("os.arch"));
    try {
      Path server = directory.root().resolve("server-" + checksum(archive));
      if (!Files.exists(server)) {
        LOG.info("PostgreSQL is unpacked into {}", server);
        Path part = directory.newPart("server");
        try (InputStream packed = archive.openStream()) {
          extract(packed, part);
        }
        directory.publish(part, server);
      }
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException("PostgreSQL cannot be unpacked from " + archive, e);
    }
  }

  static URL archive(String os, String arch) {
    String name = "postgres-%s-%s.txz".formatted(osPart(os), archPart(arch));
    URL archive = PostgresBinaries.class.getResource("/" + name);
    if (archive == null) {
      throw new IllegalStateException(
          "There is no embedded PostgreSQL for %s/%s (no %s on the class path); %s"
              .formatted(os, arch, name, PostgresPrograms.EXTERNAL));
    }
    return archive;
  }

  /** Unpacks a .txz; refuses an entry that leaves the target or is anything unusual. */
  static void extract(InputStream packed, Path target) throws IOException {
    Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwxr-xr-x"));
    try (TarArchiveInputStream tar =
        new TarArchiveInputStream(new XZInputStream(new BufferedInputStream(packed, BUFFER)))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        extract(tar, entry, target);
      }
    }
  }

  private static void extract(TarArchiveInputStream tar, TarArchiveEntry entry, Path target)
      throws IOException {
    Path path = inside(target, target.resolve(entry.getName()), entry);
    if (entry.isDirectory()) {
      makeDirectory(path, target);
      return;
    }
    makeDirectory(path.getParent(), target);
    if (entry.isSymbolicLink()) {
      inside(target, path.resolveSibling(entry.getLinkName()), entry);
      Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
    } else if (entry.isFile() && !entry.isLink()) {
      writeFile(tar, path, (entry.getMode() & 0100) != 0);
    } else {
      throw new IOException("Neither file, directory nor symbolic link: " + entry.getName());
    }
  }

  private static Path inside(Path target, Path path, TarArchiveEntry entry) throws IOException {
    Path normal = path.normalize();
    if (!normal.startsWith(target)) {
      throw new IOException("Entry leaves the directory: " + entry.getName());
    }
    return normal;
  }

  /** Readable for the server's user, whatever the umask. */
  private static void makeDirectory(Path directory, Path target) throws IOException {
    if (Files.isDirectory(directory)) {
      return;
    }
    makeDirectory(directory.getParent(), target);
    Files.createDirectory(directory);
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static void writeFile(InputStream in, Path file, boolean executable) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      byte[] buffer = new byte[BUFFER];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        channel.write(ByteBuffer.wrap(buffer, 0, read));
      }
      channel.force(true);
    }
    String permissions = executable ? "rwxr-xr-x" : "rw-r--r--";
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
  }

  private static String checksum(URL archive) throws IOException {
    try (InputStream in = archive.openStream()) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[BUFFER];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
      }
      return HexFormat.of().formatHex(digest.digest(), 0, CHECKSUM_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256", e);
    }
  }

  private static String osPart(String os) {
    String lower = os.toLowerCase(Locale.ROOT);
    return lower.startsWith("mac") ? "darwin" : lower.replace(' ', '_');
  }

  private static String archPart(String arch) {
    return switch (arch) {
      case "amd64", "x86_64" -> "x86_64";
      case "aarch64", "arm64" -> "arm_64";
      default -> arch;
    };
  }
}
