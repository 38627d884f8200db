package io.egression.notify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.egression.ledger.Endings.Ending;

/**
 * The end of a job as a CloudEvent 1.0.
 *
 * @param id the same each time it is told, and another one for each end: a job that is replayed
 *     ends again
 * @param data what is told of the job
 */
record JobEvent(String id, String type, String time, JsonNode data) {
  static JobEvent of(Ending ending) {
    JsonNode data = ending.event();
    return new JobEvent(
        data.get("job").asText() + "-" + ending.number(),
        "io.egression.job." + data.get("state").asText(),
        ending.at().toString(),
        data);
  }

  /** In structured mode. */
  ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("specversion", "1.0")
        .put("id", id)
        .put("source", "urn:egression:" + data.get("subscription").asText())
        .put("type", type)
        .put("subject", data.get("job").asText())
        .put("time", time)
        .put("datacontenttype", "application/json");
    if (data.hasNonNull("correlationId")) {
      json.put("correlationid", data.get("correlationId").asText());
    }
    json.set("data", data);
    return json;
  }
}
