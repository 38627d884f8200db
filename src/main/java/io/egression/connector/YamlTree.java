package io.egression.connector;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.StringReader;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.reader.ReaderException;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * One YAML document as a JSON tree whose every key and value knows its place, by JSON Pointer. The
 * words are typed as in YAML 1.2, so that {@code on} and {@code no} are texts.
 */
final class YamlTree {
  /** The text is not a tree; says where it is not. */
  static final class UnfitException extends Exception {
    private static final long serialVersionUID = 1L;
    private final int line;
    private final int column;

    private UnfitException(Mark mark, String message) {
      super(message);
      this.line = mark.getLine() + 1;
      this.column = mark.getColumn() + 1;
    }

    /** At the end of the text before it. */
    UnfitException(String before, String message) {
      super(message);
      this.line = (int) before.chars().filter(c -> c == '\n').count() + 1;
      this.column = before.codePointCount(before.lastIndexOf('\n') + 1, before.length()) + 1;
    }

    int line() {
      return line;
    }

    int column() {
      return column;
    }
  }

  private static final class Types extends Resolver {
    @Override
    protected void addImplicitResolvers() {
      addImplicitResolver(Tag.NULL, Pattern.compile("^(?:~|null|Null|NULL| )$"), "~nN\0");
      addImplicitResolver(Tag.NULL, Pattern.compile("^$"), null);
      addImplicitResolver(
          Tag.BOOL, Pattern.compile("^(?:true|True|TRUE|false|False|FALSE)$"), "tTfF");
      addImplicitResolver(Tag.INT, Pattern.compile("^[-+]?[0-9]+$"), "-+0123456789");
      addImplicitResolver(
          Tag.FLOAT,
          Pattern.compile("^[-+]?(?:\\.[0-9]+|[0-9]+(?:\\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$"),
          "-+.0123456789");
    }
  }

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private JsonNode root = JSON.nullNode();
  private final Map<String, Node> values = new HashMap<>();
  private final Map<String, Node> keys = new HashMap<>();
  private final Set<Node> open = new HashSet<>();

  private YamlTree() {}

  /** Reads the text; an empty one is a null. */
  static YamlTree parse(String text) throws UnfitException {
    try {
      YamlTree tree = new YamlTree();
      tree.read(text);
      return tree;
    } catch (MarkedYAMLException e) {
      Mark mark = e.getProblemMark() == null ? e.getContextMark() : e.getProblemMark();
      throw new UnfitException(
          mark, "not valid YAML: " + String.valueOf(e.getProblem()).replaceAll("\\s+", " "));
    } catch (ReaderException e) {
      throw new UnfitException(
          text.substring(0, text.offsetByCodePoints(0, e.getPosition())),
          "not valid YAML: a control character");
    } catch (YAMLException e) {
      throw new UnfitException("", "not valid YAML: " + e.getMessage());
    }
  }

  private void read(String text) throws UnfitException {
    Iterator<Node> documents = yaml().composeAll(new StringReader(text)).iterator();
    if (documents.hasNext()) {
      root = value(documents.next(), "");
    }
    if (documents.hasNext()) {
      throw new UnfitException(
          documents.next().getStartMark(), "a second document begins here; one is expected");
    }
  }

  private static Yaml yaml() {
    LoaderOptions options = new LoaderOptions();
    DumperOptions unused = new DumperOptions();
    return new Yaml(
        new SafeConstructor(options), new Representer(unused), unused, options, new Types());
  }

  JsonNode root() {
    return root;
  }

  /** Where the value begins. */
  Optional<Mark> place(String pointer) {
    return Optional.ofNullable(values.get(pointer)).map(Node::getStartMark);
  }

  /** Where the key of the value begins. */
  Optional<Mark> keyPlace(String pointer) {
    return Optional.ofNullable(keys.get(pointer)).map(Node::getStartMark);
  }

  /** A word as it was written: 0123 is not 123. Null: not a word. */
  @Nullable String word(String pointer) {
    return values.get(pointer) instanceof ScalarNode scalar ? scalar.getValue() : null;
  }

  private JsonNode value(Node node, String pointer) throws UnfitException {
    if (!open.add(node)) {
      throw new UnfitException(node.getStartMark(), "this contains itself");
    }
    values.put(pointer, node);
    JsonNode json =
        node instanceof MappingNode mapping
            ? object(mapping, pointer)
            : node instanceof SequenceNode sequence
                ? array(sequence, pointer)
                : word((ScalarNode) node);
    open.remove(node);
    return json;
  }

  private ObjectNode object(MappingNode mapping, String pointer) throws UnfitException {
    ObjectNode object = JSON.objectNode();
    for (NodeTuple entry : mapping.getValue()) {
      if (!(entry.getKeyNode() instanceof ScalarNode key)) {
        throw new UnfitException(
            entry.getKeyNode().getStartMark(),
            "a key is expected here; a text that begins with '{' needs quotes: \"{{…}}\"");
      }
      String at = child(pointer, key.getValue());
      Node before = keys.put(at, key);
      if (before != null) {
        throw new UnfitException(
            key.getStartMark(),
            "the key '%s' stands here twice; the first is in line %d"
                .formatted(key.getValue(), before.getStartMark().getLine() + 1));
      }
      object.set(key.getValue(), value(entry.getValueNode(), at));
    }
    return object;
  }

  /** The pointer of a member. */
  static String child(String pointer, String key) {
    return pointer + "/" + key.replace("~", "~0").replace("/", "~1");
  }

  /** A pointer as a person would write it: limits[0].per. */
  static String words(String pointer) {
    return pointer
        .replaceAll("/(\\d+)(?=/|$)", "[$1]")
        .replaceFirst("^/", "")
        .replace('/', '.')
        .replace("~1", "/")
        .replace("~0", "~");
  }

  private ArrayNode array(SequenceNode sequence, String pointer) throws UnfitException {
    ArrayNode array = JSON.arrayNode();
    for (Node each : sequence.getValue()) {
      array.add(value(each, pointer + "/" + array.size()));
    }
    return array;
  }

  private static JsonNode word(ScalarNode node) {
    String word = node.getValue();
    if (node.getTag().equals(Tag.NULL)) {
      return JSON.nullNode();
    }
    if (node.getTag().equals(Tag.BOOL)) {
      return JSON.booleanNode(Boolean.parseBoolean(word));
    }
    if (node.getTag().equals(Tag.INT)) {
      return JSON.numberNode(new BigInteger(word));
    }
    return node.getTag().equals(Tag.FLOAT)
        ? JSON.numberNode(Double.parseDouble(word))
        : JSON.textNode(word);
  }
}
