package io.egression.delivery;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a connector is given, as the message's body: one job with its objects; or several jobs, and
 * each object says of which it is.
 *
 * @param job the first one
 * @param attempt from 1
 * @param objects in the order of the jobs and their ids
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
   * @param job absent where there is one job only
   * @param body absent for a delete and where only references are sent
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record ObjectBody(String id, @Nullable UUID job, @Nullable JsonNode body) {
    ObjectBody(String id, @Nullable JsonNode body) {
      this(id, null, body);
    }

    ObjectBody of(UUID job) {
      return new ObjectBody(id, job, body);
    }
  }
}
