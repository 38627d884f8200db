package io.egression.delivery;

import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a {@code Cache-Control} header (RFC 9111, 5.2.2) allows. What is not understood allows
 * nothing.
 *
 * @param mayKeep whether the answer may be kept at all
 * @param freshSeconds how long it may be used without asking
 */
record CacheControl(boolean mayKeep, long freshSeconds) {
  /** They may hold commas and the names of directives. */
  private static final Pattern QUOTED = Pattern.compile("\"[^\"]*\"?");

  private static final Pattern MAX_AGE = Pattern.compile("max-age=([0-9]{1,9})");

  static CacheControl parse(@Nullable String header) {
    String text = header == null ? "" : QUOTED.matcher(header).replaceAll("?");
    boolean keep = true;
    boolean ask = false;
    long fresh = Long.MAX_VALUE;
    for (String part : text.toLowerCase(Locale.ROOT).split(",")) {
      String directive = part.strip();
      keep &= !directive.startsWith("no-store");
      ask |= directive.startsWith("no-cache");
      if (directive.startsWith("max-age")) {
        var age = MAX_AGE.matcher(directive);
        fresh = Math.min(fresh, age.matches() ? Long.parseLong(age.group(1)) : 0);
      }
    }
    return new CacheControl(keep, ask || fresh == Long.MAX_VALUE ? 0 : fresh);
  }
}
