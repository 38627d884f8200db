package io.egression.delivery;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a connector is given, as the message's body: one job with its objects.
 *
 * @param attempt from 1
 * @param objects in the order of the job's ids
 */
public record Delivery(
    UUID job,
    int attempt,
    String subscription,
    String source,
    String channel,
    String action,
    String objectType,
    List<ObjectBody> objects) {
  /**
   * @param body absent for a delete and where only references are sent
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record ObjectBody(String id, @Nullable JsonNode body) {}
}
