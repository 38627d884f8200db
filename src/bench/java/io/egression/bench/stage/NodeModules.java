package io.egression.bench.stage;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The peers for Node, installed once into the target directory at the versions that are pinned. */
final class NodeModules {
  private static final Path SOURCE = Path.of("src/bench/node");

  private NodeModules() {}

  /** The folder of their programs, with what they need. */
  static synchronized Path installed(Path root) {
    Path folder = root.resolve("node");
    try (Stream<Path> files = Files.list(SOURCE)) {
      Path wanted = SOURCE.resolve("package.json");
      Path done = folder.resolve("installed.json");
      Files.createDirectories(folder);
      for (Path file : files.toList()) {
        Files.write(folder.resolve(file.getFileName()), Files.readAllBytes(file));
      }
      if (!Files.exists(done) || Files.mismatch(wanted, done) >= 0) {
        install(folder);
        Files.copy(wanted, done, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      }
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void install(Path folder) throws IOException {
    Process npm =
        new ProcessBuilder(
                List.of("npm", "install", "--no-package-lock", "--no-audit", "--no-fund"))
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    try (InputStream output = npm.getInputStream()) {
      String says = new String(output.readAllBytes(), StandardCharsets.UTF_8);
      if (npm.waitFor() != 0) {
        throw new IllegalStateException("npm install failed: " + says);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
