package io.egression.notify;

import com.fasterxml.jackson.databind.JsonNode;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;
import jakarta.jms.JMSProducer;
import jakarta.jms.JMSRuntimeException;
import jakarta.jms.Message;
import jakarta.jms.Topic;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The broker's multicast address for the ends of jobs. Thread safe. */
final class EventTopic {
  /** Who subscribes to it gets every event; who does not is not missed. */
  static final String ADDRESS = "egression.events";

  private static final Logger LOG = LoggerFactory.getLogger(EventTopic.class);

  private final ConnectionFactory connections;

  EventTopic(ConnectionFactory connections) {
    this.connections = connections;
  }

  /** Sends all of them, or none; returns whether. One that is sent again is dropped. */
  boolean send(List<JobEvent> events) {
    try (JMSContext context = connections.createContext(JMSContext.SESSION_TRANSACTED)) {
      Topic topic = context.createTopic(ADDRESS);
      JMSProducer producer = context.createProducer();
      for (JobEvent event : events) {
        producer.send(topic, message(context, event));
      }
      context.commit();
      return true;
    } catch (JMSException | JMSRuntimeException e) {
      LOG.warn("{} takes no events, which are sent again: {}", ADDRESS, e.getMessage());
      return false;
    }
  }

  private static Message message(JMSContext context, JobEvent event) throws JMSException {
    Message message = context.createTextMessage(event.json().toString());
    message.setJMSType(event.type());
    message.setStringProperty("content_type", "application/cloudevents+json; charset=utf-8");
    message.setStringProperty("_AMQ_DUPL_ID", event.id());
    JsonNode data = event.data();
    for (String name : List.of("subscription", "channel", "objectType", "state")) {
      message.setStringProperty(name, data.path(name).asText());
    }
    if (data.hasNonNull("correlationId")) {
      message.setJMSCorrelationID(data.get("correlationId").asText());
    }
    return message;
  }
}
