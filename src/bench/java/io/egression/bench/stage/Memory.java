package io.egression.bench.stage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How much memory a process takes. */
public record Memory(long pid) {
  private static final Pattern USED = Pattern.compile("used (\\d+)K");

  /** What it has resident now, in MB; 0 where the system does not tell. */
  public long residentMegabytes() {
    return status("VmRSS");
  }

  /** The most it ever had resident, in MB; 0 where the system does not tell. */
  public long peakMegabytes() {
    return status("VmHWM");
  }

  /** From now on {@link #peakMegabytes()} is the most since now, where the system can do that. */
  public void forgetPeak() {
    Path file = Path.of("/proc", String.valueOf(pid), "clear_refs");
    try {
      if (Files.isWritable(file)) {
        Files.writeString(file, "5");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The live objects of a JVM after a full collection, in MB. */
  public long liveHeapMegabytes() {
    ask("GC.run");
    Matcher used = USED.matcher(ask("GC.heap_info"));
    return used.find() ? Long.parseLong(used.group(1)) / 1024 : 0;
  }

  private long status(String field) {
    Path file = Path.of("/proc", String.valueOf(pid), "status");
    try {
      for (String line :
          Files.exists(file) ? Files.readAllLines(file) : java.util.List.<String>of()) {
        if (line.startsWith(field + ":")) {
          return Long.parseLong(line.replaceAll("\\D", "")) / 1024;
        }
      }
      return 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String ask(String command) {
    try {
      Process jcmd =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                  String.valueOf(pid),
                  command)
              .redirectErrorStream(true)
              .start();
      return new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
