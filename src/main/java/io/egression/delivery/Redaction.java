package io.egression.delivery;

import io.egression.connector.Account;
import io.egression.connector.Secret;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Takes an account's secrets out of what its connector or Kamelet says, before anybody keeps or
 * shows it: some connectors tell what they were sent.
 */
public final class Redaction {
  /** Shorter ones stand in many words, and are no secrets. */
  private static final int LEAST = 4;

  private Redaction() {}

  /** The text without the account's secrets. */
  public static String of(String text, Account account) {
    return of(text, account, null);
  }

  /**
   * The text without the account's secrets.
   *
   * @param token that let the call in
   */
  static String of(String text, Account account, @Nullable AccessToken token) {
    Stream<String> values =
        Stream.concat(
            account.access().secrets().stream().map(Secret::value),
            Stream.ofNullable(token).map(AccessToken::value));
    List<String> forms =
        values
            .flatMap(Redaction::forms)
            .filter(form -> form.length() >= LEAST)
            .sorted(Comparator.comparingInt(String::length).reversed())
            .toList();
    String redacted = text;
    for (String form : forms) {
      redacted = redacted.replace(form, Secret.MASK);
    }
    return redacted;
  }

  /** As it is, in an address, and in JSON. */
  private static Stream<String> forms(String value) {
    String encoded = URLEncoder.encode(value, StandardCharsets.UTF_8);
    return Stream.of(
        value,
        encoded,
        encoded.replace("+", "%20"),
        value.replace("\\", "\\\\").replace("\"", "\\\""),
        value.replace("\\", "\\\\").replace("\"", "\\\"").replace("/", "\\/"));
  }
}
