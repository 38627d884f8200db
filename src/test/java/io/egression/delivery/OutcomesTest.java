package io.egression.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.Test;

class OutcomesTest {
  private final Exchange exchange = new DefaultExchange(new DefaultCamelContext());

  @Test
  void a_header_in_several_lines_is_one_list() {
    exchange.getMessage().setHeader("RateLimit", List.of("\"a\";r=0;t=3", "\"b\";r=0;t=9"));
    assertThat(Outcomes.headers(exchange))
        .containsEntry("RateLimit", "\"a\";r=0;t=3, \"b\";r=0;t=9");
  }

  @Test
  void camel_s_own_headers_are_no_answer_s() {
    exchange.getMessage().setHeader(Exchange.HTTP_RESPONSE_CODE, 200);
    exchange.getMessage().setHeader("Age", 7);
    exchange.getMessage().setHeader("Via", null);
    assertThat(Outcomes.headers(exchange)).hasSize(1).containsEntry("Age", "7");
  }
}
