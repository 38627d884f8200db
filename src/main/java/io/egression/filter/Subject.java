package io.egression.filter;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.egression.job.AccountKey;
import io.egression.job.Action;
import org.jspecify.annotations.Nullable;

/**
 * What a filter judges: one object of a job.
 *
 * @param body null: a delete has none, and its filters are not asked about one
 */
public record Subject(
    AccountKey account,
    String source,
    Action action,
    String objectType,
    String objectId,
    @Nullable JsonNode body) {
  /** As expressions see it. */
  ObjectNode json() {
    return JsonNodeFactory.instance
        .objectNode()
        .put("subscription", account.subscription())
        .put("channel", account.channel())
        .put("source", source)
        .put("action", action.word())
        .put("objectType", objectType)
        .put("objectId", objectId)
        .set("body", body);
  }

  @Override
  public String toString() {
    return objectType + "/" + objectId;
  }
}
