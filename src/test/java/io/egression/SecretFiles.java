package io.egression;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Secrets in files of their own, as an orchestrator mounts them. */
public final class SecretFiles {
  private final Path folder;
  private final List<String> values = new ArrayList<>();

  public SecretFiles() {
    try {
      folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "secrets-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public SecretFiles with(String name, String value) {
    TestHub.write(folder.resolve(name), value + "\n");
    values.add(value);
    return this;
  }

  public String placeholder(String name) {
    return "{{file:" + folder.resolve(name) + "}}";
  }

  public Path path(String name) {
    return folder.resolve(name);
  }

  public List<String> values() {
    return values;
  }
}
