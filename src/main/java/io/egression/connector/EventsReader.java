package io.egression.connector;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** Reads who is told of ended jobs from a subscription's file that its schema has passed. */
final class EventsReader {
  private static final String WEBHOOK = "/events/webhook";
  private static final Pattern SECRET = Pattern.compile(Events.Webhook.SECRET);

  private final YamlFile file;
  private final UnaryOperator<String> placeholders;
  private final List<Fault> faults;

  EventsReader(YamlFile file, UnaryOperator<String> placeholders, List<Fault> faults) {
    this.file = file;
    this.placeholders = placeholders;
    this.faults = faults;
  }

  Events read() {
    boolean topic = file.root().at("/events/topic").asBoolean();
    if (file.root().at(WEBHOOK).isMissingNode()) {
      return new Events(topic, null);
    }
    Optional<URI> address = address();
    Optional<Secret> secret = secret();
    return address.isPresent() && secret.isPresent()
        ? new Events(topic, new Events.Webhook(address.get(), secret.get()))
        : Events.NONE;
  }

  private Optional<URI> address() {
    try {
      URI address = new URI(placeholders.apply(file.word(WEBHOOK + "/url")));
      if (List.of("http", "https").contains(String.valueOf(address.getScheme()))
          && address.getHost() != null) {
        return Optional.of(address);
      }
    } catch (URISyntaxException e) {
      // told below, without the address: it may have a secret
    } catch (IllegalArgumentException e) {
      faults.add(file.at(WEBHOOK + "/url", String.valueOf(e.getMessage())));
      return Optional.empty();
    }
    faults.add(file.at(WEBHOOK + "/url", "must be an address: https://host/path"));
    return Optional.empty();
  }

  private Optional<Secret> secret() {
    String at = WEBHOOK + "/secret";
    Optional<Secret> secret = new SecretReader(file, placeholders, faults).read(at);
    if (secret.isPresent() && !SECRET.matcher(secret.get().value()).matches()) {
      faults.add(
          file.at(
              at,
              "must be whsec_ and at least 24 bytes in base64, as Standard Webhooks has it:"
                  + " echo whsec_$(openssl rand -base64 32)"));
      return Optional.empty();
    }
    return secret;
  }
}
