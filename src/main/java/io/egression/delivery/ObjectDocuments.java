package io.egression.delivery;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.camel.Exchange;

/** Deliveries as one JSON document for each object; the bean {@code documents}. Thread safe. */
public final class ObjectDocuments {
  /** The job's words, with one object in place of all. */
  static ObjectNode of(Delivery delivery, Delivery.ObjectBody object) {
    ObjectNode document = JsonNodeFactory.instance.objectNode();
    document.put("job", delivery.job().toString());
    document.put("attempt", delivery.attempt());
    document.put("subscription", delivery.subscription());
    document.put("source", delivery.source());
    document.put("channel", delivery.channel());
    document.put("action", delivery.action());
    document.put("objectType", delivery.objectType());
    document.put("id", object.id());
    if (object.body() != null) {
      document.set("body", object.body());
    }
    return document;
  }

  /** Replaces the delivery by JSON lines, one for each object. */
  public void lines(Exchange exchange) {
    Delivery delivery = exchange.getMessage().getBody(Delivery.class);
    StringBuilder lines = new StringBuilder();
    delivery.objects().forEach(object -> lines.append(of(delivery, object)).append('\n'));
    exchange.getMessage().setBody(lines.toString());
  }
}
