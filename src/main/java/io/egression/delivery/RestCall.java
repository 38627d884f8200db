package io.egression.delivery;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.egression.connector.JqExpression;
import io.egression.job.Action;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.jspecify.annotations.Nullable;

/**
 * Where and how {@code rest-connector} sends the object in hand; a bean of the Kamelet's own, one
 * for each account. Its setters take the Kamelet's parameters before the first call.
 */
public final class RestCall {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Set<String> METHODS = Set.of("POST", "PUT", "PATCH", "DELETE");
  private static final String DID = "restAction";

  private final Map<Action, String> methods = new EnumMap<>(Action.class);
  private String url = "";
  private String path = "/{type}/{id}";
  private String own = "{}";
  private @Nullable RestPaths paths;
  private @Nullable ForeignIds ids;
  private JqExpression.@Nullable Text foreignId;

  public void setUrl(String url) {
    this.url = url.replaceFirst("/+$", "");
  }

  public void setPath(String path) {
    this.path = path;
    paths = RestPaths.of(path, own);
  }

  public void setPaths(String paths) {
    this.own = paths;
    this.paths = RestPaths.of(path, paths);
  }

  public void setCreateMethod(String method) {
    method(Action.CREATE, method);
  }

  public void setUpdateMethod(String method) {
    method(Action.UPDATE, method);
  }

  public void setDeleteMethod(String method) {
    method(Action.DELETE, method);
  }

  private void method(Action action, String method) {
    if (!METHODS.contains(method)) {
      throw new IllegalArgumentException(
          "'%s' is not a method; known are: DELETE, PATCH, POST, PUT".formatted(method));
    }
    methods.put(action, method);
  }

  public void setIds(ForeignIds ids) {
    this.ids = ids;
  }

  /**
   * @param expression jq, finds their id in the answer to a create; blank: ids are not mapped
   */
  public void setForeignId(String expression) {
    foreignId = expression.isBlank() ? null : JqExpression.text(expression);
  }

  /** Before the call: their id, the method and the address. */
  public void prepare(Exchange exchange) {
    Message message = exchange.getMessage();
    ObjectNode object = message.getBody(ObjectNode.class);
    exchange.removeProperty(ForeignIds.PROPERTY);
    if (isMapping()) {
      ids.find(exchange);
    }
    String theirs = exchange.getProperty(ForeignIds.PROPERTY, String.class);
    Action asked = Action.of(object.get("action").asText()).orElseThrow();
    Action action = action(asked, theirs != null);
    exchange.setProperty(DID, action);
    if (isMapping() && asked == Action.DELETE && theirs == null) {
      message.setHeader(ObjectCalls.GONE, "never created");
      return;
    }
    String method = methods.get(action);
    String ownId = ObjectCalls.objectId(exchange);
    RestPaths.Target target =
        new RestPaths.Target(
            object.get("objectType").asText(), theirs == null ? ownId : theirs, ownId);
    boolean isNew = action == Action.CREATE && method.equals("POST");
    String[] address = paths.path(target, action.word(), isNew).split("\\?", 2);
    message.setHeader(Exchange.HTTP_METHOD, method);
    message.setHeader(Exchange.HTTP_URI, url + address[0]);
    message.setHeader(Exchange.HTTP_QUERY, address.length == 1 ? null : address[1]);
  }

  /** With mapping, what is known over there is updated, and what is not is created. */
  private Action action(Action asked, boolean isKnown) {
    if (asked == Action.DELETE || !isMapping()) {
      return asked;
    }
    return isKnown ? Action.UPDATE : Action.CREATE;
  }

  private boolean isMapping() {
    return foreignId != null;
  }

  /** After the call: what it has taught about their id, and that a delete needs no object. */
  public void answered(Exchange exchange) {
    Message message = exchange.getMessage();
    Action did = exchange.getProperty(DID, Action.class);
    int status = ObjectCalls.status(message);
    if (did == Action.DELETE && (status == 404 || status == 410)) {
      message.setHeader(ObjectCalls.GONE, "status " + status);
    }
    if (isMapping() && ObjectCalls.isTaken(message)) {
      String body = message.getBody(String.class);
      message.setBody(body);
      ids.learn(exchange, did, did == Action.CREATE ? found(body) : null);
    }
  }

  private @Nullable String found(@Nullable String body) {
    try {
      JsonNode json = body == null ? null : JSON.readTree(body);
      return json == null
          ? null
          : foreignId.of(json).filter(id -> !id.isBlank() && id.indexOf(0) < 0).orElse(null);
    } catch (JsonProcessingException e) {
      return null; // not JSON: there is no id in it, which is told
    }
  }
}
