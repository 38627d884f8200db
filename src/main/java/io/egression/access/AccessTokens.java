package io.egression.access;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import io.egression.intake.Caller;
import io.egression.intake.Caller.Role;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Access tokens of an OpenID Connect provider (RFC 9068): signed by one of its keys with an
 * asymmetric algorithm, from the issuer, for the audience, not expired (a minute's skew is
 * forgiven), with a subject, a role and subscriptions. Checking may fetch the provider's keys, and
 * so must not be done on an event loop. Why one is refused is in the log at level DEBUG. Thread
 * safe.
 */
public final class AccessTokens {
  private static final Logger LOG = LoggerFactory.getLogger(AccessTokens.class);
  private static final int PATIENCE_MILLIS = 2_000;
  private static final int MOST_KEYS = 100_000;

  /** None that takes a shared secret, and not "none" (RFC 8725, 3.1 and 3.2). */
  private static final Set<JWSAlgorithm> ALGORITHMS =
      Set.of(
          JWSAlgorithm.RS256,
          JWSAlgorithm.RS384,
          JWSAlgorithm.RS512,
          JWSAlgorithm.PS256,
          JWSAlgorithm.PS384,
          JWSAlgorithm.PS512,
          JWSAlgorithm.ES256,
          JWSAlgorithm.ES384,
          JWSAlgorithm.ES512);

  /**
   * @param keys where its JSON Web Key Set is
   * @param roleClaim names the claim with {@code producer}, {@code viewer}, {@code operator} or
   *     {@code admin}
   * @param subscriptionsClaim names the claim with an array of subscriptions; {@code ["*"]}: all
   */
  public record Provider(
      String issuer, String audience, URI keys, String roleClaim, String subscriptionsClaim) {}

  private static final Duration SKEW =
      Duration.ofSeconds(DefaultJWTClaimsVerifier.DEFAULT_MAX_CLOCK_SKEW_SECONDS);

  private final Provider provider;
  private final DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();

  public AccessTokens(Provider provider, Clock clock) {
    this.provider = provider;
    processor.setJWSTypeVerifier(
        new DefaultJOSEObjectTypeVerifier<>(
            JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
    processor.setJWSKeySelector(
        new JWSVerificationKeySelector<>(
            ALGORITHMS,
            JWKSourceBuilder.create(
                    address(provider),
                    new DefaultResourceRetriever(PATIENCE_MILLIS, PATIENCE_MILLIS, MOST_KEYS))
                .retrying(true)
                .build()));
    processor.setJWTClaimsSetVerifier(
        new DefaultJWTClaimsVerifier<>(
            provider.audience,
            new JWTClaimsSet.Builder().issuer(provider.issuer).build(),
            Set.of("sub", "exp")) {
          @Override
          protected Date currentTime() {
            return Date.from(clock.instant());
          }
        });
  }

  private static URL address(Provider provider) {
    try {
      return provider.keys.toURL();
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(e); // checked with the settings
    }
  }

  /** Whether it has the form of a token: keys have no dots. */
  static boolean isToken(String text) {
    return text.indexOf('.') >= 0;
  }

  /** Who brings a token, until it expires. */
  record Bearer(Caller caller, Instant until) {}

  /** Who brings it; empty if it is not good, which the log says. */
  Optional<Bearer> check(String token) {
    try {
      JWTClaimsSet claims = processor.process(token, null);
      Caller caller = new Caller(claims.getSubject(), role(claims), subscriptions(claims));
      return Optional.of(new Bearer(caller, claims.getExpirationTime().toInstant().plus(SKEW)));
    } catch (ParseException | BadJOSEException | JOSEException e) {
      LOG.debug("an access token is refused: {}", e.getMessage()); // anybody can send them
      return Optional.empty();
    }
  }

  private Role role(JWTClaimsSet claims) throws ParseException {
    String named = claims.getStringClaim(provider.roleClaim);
    for (Role role : Role.values()) {
      if (role.name().toLowerCase(Locale.ROOT).equals(named)) {
        return role;
      }
    }
    throw new ParseException("the claim %s names no role".formatted(provider.roleClaim), 0);
  }

  private @Nullable Set<String> subscriptions(JWTClaimsSet claims) throws ParseException {
    List<String> named = claims.getStringListClaim(provider.subscriptionsClaim);
    if (named == null || named.contains(null)) {
      throw new ParseException(
          "the claim %s is no list of names".formatted(provider.subscriptionsClaim), 0);
    }
    return named.contains("*") ? null : Set.copyOf(named);
  }
}
