package io.egression;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** One word for all that a node's YAML files say, so that nodes that differ are found. */
final class ConfigurationHash {
  private ConfigurationHash() {}

  /** The same for folders with the same YAML files, wherever they are. */
  static String of(Path... folders) {
    MessageDigest digest = sha256();
    for (Path folder : folders) {
      for (Path file : yamlFiles(folder)) {
        add(digest, folder.relativize(file).toString().getBytes(StandardCharsets.UTF_8));
        add(digest, content(file));
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** With its length, so that nothing can pass from one file to the next unseen. */
  private static void add(MessageDigest digest, byte[] part) {
    digest.update((part.length + ":").getBytes(StandardCharsets.US_ASCII));
    digest.update(part);
  }

  private static List<Path> yamlFiles(Path folder) {
    try (Stream<Path> files = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
      return files
          .filter(file -> file.toString().endsWith(".yaml") && Files.isRegularFile(file))
          .filter(file -> !isHidden(folder.relativize(file)))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A mounted folder may keep its files once more under a hidden name that each node has alone. */
  private static boolean isHidden(Path file) {
    for (Path part : file) {
      if (part.toString().startsWith(".")) {
        return true;
      }
    }
    return false;
  }

  private static byte[] content(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }
}
