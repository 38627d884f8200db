package io.egression;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The TCP ports that a process listens on, as Linux tells. */
final class ListeningPorts {
  private static final String LISTEN = "0A";

  private ListeningPorts() {}

  static Set<Integer> ofThisProcess() {
    return of(ProcessHandle.current().pid());
  }

  static Set<Integer> of(long pid) {
    Path process = Path.of("/proc", String.valueOf(pid));
    Set<String> sockets = sockets(process.resolve("fd"));
    Set<Integer> ports = new TreeSet<>();
    for (String table : new String[] {"net/tcp", "net/tcp6"}) {
      for (String line : lines(process.resolve(table))) {
        String[] words = line.strip().split("\\s+");
        if (words[3].equals(LISTEN) && sockets.contains(words[9])) {
          ports.add(Integer.parseInt(words[1].substring(words[1].indexOf(':') + 1), 16));
        }
      }
    }
    return ports;
  }

  private static Iterable<String> lines(Path table) {
    try {
      return Files.readAllLines(table).stream().skip(1).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Set<String> sockets(Path descriptors) {
    Set<String> inodes = new HashSet<>();
    try (Stream<Path> files = Files.list(descriptors)) {
      for (Path file : files.toList()) {
        String target = target(file);
        if (target.startsWith("socket:[")) {
          inodes.add(target.substring(8, target.length() - 1));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return inodes;
  }

  private static String target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException e) {
      return ""; // closed in between
    }
  }
}
