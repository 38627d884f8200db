package io.egression.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CacheControlTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "none",
      value = {
        "none | true | 0",
        "'' | true | 0",
        "max-age=60 | true | 60",
        "MAX-AGE=60 | true | 60",
        "private, max-age=60 , must-revalidate | true | 60",
        "max-age=60, max-age=5 | true | 5",
        "max-age=60, no-cache | true | 0",
        "max-age=60, no-cache=\"etag\" | true | 0",
        "no-store | false | 0",
        "no-store, max-age=60 | false | 60",
        "max-age=\"60\" | true | 0",
        "max-age=-1 | true | 0",
        "max-age=99999999999999999999 | true | 0",
        "max-age | true | 0",
        "private=\"x, max-age=60\" | true | 0",
        "private=\"x, max-age=60 | true | 0",
        "s-maxage=60 | true | 0"
      })
  void a_header_allows_what_it_says_and_nothing_that_is_not_understood(
      String header, boolean mayKeep, long freshSeconds) {
    assertThat(CacheControl.parse(header)).isEqualTo(new CacheControl(mayKeep, freshSeconds));
  }
}
