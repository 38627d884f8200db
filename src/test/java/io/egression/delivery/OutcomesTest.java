package io.egression.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.egression.CamelCli;
import java.util.List;
import org.apache.camel.CamelContext;
import org.apache.camel.Message;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultMessage;
import org.junit.jupiter.api.Test;

class OutcomesTest {
  private final Message answer = new DefaultMessage(started());

  private static CamelContext started() {
    DefaultCamelContext camel = CamelCli.keptFrom(new DefaultCamelContext());
    camel.start(); // finds the map for headers on the class path
    return camel;
  }

  @Test
  void a_header_in_several_lines_is_one_list() {
    answer.setHeader("RateLimit", List.of("\"a\";r=0;t=3", "\"b\";r=0;t=9"));
    assertThat(Outcomes.header(answer, "RateLimit")).isEqualTo("\"a\";r=0;t=3, \"b\";r=0;t=9");
  }

  @Test
  void a_header_is_found_in_any_case() {
    answer.setHeader("Age", 7);
    answer.setHeader("Via", null);
    assertThat(Outcomes.header(answer, "aGE")).isEqualTo("7");
    assertThat(Outcomes.header(answer, "Via")).isNull();
    assertThat(Outcomes.header(answer, "Retry-After")).isNull();
  }
}
