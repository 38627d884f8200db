package io.egression.connector;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.JsonSchema;
import io.egression.connector.YamlTree.UnfitException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.yaml.snakeyaml.error.Mark;

/** A YAML file of which every place, named by its JSON Pointer, can be shown in a fault. */
final class YamlFile {
  private final Path path;
  private final YamlTree tree;

  private YamlFile(Path path, YamlTree tree) {
    this.path = path;
    this.tree = tree;
  }

  /** Reads the file; a fault is added to the list and empty returned if it is not YAML. */
  static Optional<YamlFile> read(Path path, List<Fault> faults) {
    try {
      return Optional.of(new YamlFile(path, YamlTree.parse(text(Files.readAllBytes(path)))));
    } catch (UnfitException e) {
      faults.add(new Fault(path, e.line(), e.column(), String.valueOf(e.getMessage())));
    } catch (IOException e) {
      faults.add(new Fault(path, 1, 1, "cannot be read: " + e.getMessage()));
    }
    return Optional.empty();
  }

  private static String text(byte[] bytes) throws UnfitException {
    CharBuffer out = CharBuffer.allocate(bytes.length);
    boolean broken =
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes), out, true).isError();
    String text = out.flip().toString();
    if (broken) {
      throw new UnfitException(text, "not UTF-8");
    }
    return text;
  }

  /** SHA-256 of what it says, layout aside. */
  String hash() {
    try {
      byte[] content = root().toString().getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  JsonNode root() {
    return tree.root();
  }

  /** A word as it was written. */
  String word(String pointer) {
    return Objects.requireNonNullElse(tree.word(pointer), "");
  }

  /** Every place where the file is not as the schema says, from top to bottom. */
  List<Fault> check(JsonSchema schema) {
    return schema.validate(root()).stream()
        .map(message -> new SchemaFault(schema, message).in(this))
        .sorted(Comparator.comparingInt(Fault::line).thenComparingInt(Fault::column))
        .toList();
  }

  /** A fault of a value; if the value is missing, it is shown where it should be. */
  Fault at(String pointer, String message) {
    String near = pointer;
    while (!near.isEmpty() && tree.place(near).isEmpty()) {
      near = parent(near);
    }
    return fault(tree.place(near), pointer, message);
  }

  /** A fault of the key of a value. */
  Fault atKey(String pointer, String message) {
    return fault(tree.keyPlace(pointer), parent(pointer), message);
  }

  private static String parent(String pointer) {
    return pointer.substring(0, pointer.lastIndexOf('/'));
  }

  private Fault fault(Optional<Mark> mark, String pointer, String message) {
    return new Fault(
        path,
        mark.map(Mark::getLine).orElse(0) + 1,
        mark.map(Mark::getColumn).orElse(0) + 1,
        pointer.isEmpty() ? message : YamlTree.words(pointer) + ": " + message);
  }
}
