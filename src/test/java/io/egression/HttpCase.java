package io.egression;

import io.egression.StubServer.Answer;
import io.egression.StubServer.Call;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The case of a connector that speaks HTTP. */
final class HttpCase implements ConnectorCase {
  final StubServer server = new StubServer(call -> Answer.json("{}"));
  private final StubServer gone = new StubServer(call -> Answer.of(200));
  private final String parameters;
  private final Function<Call, @Nullable String> id;

  /**
   * @param parameters with {@code URL} for the address; of a call that is never answered it must
   *     tire within a second
   * @param id finds the object's id in a call; null: the call goes with one that has it
   */
  HttpCase(String parameters, Function<Call, @Nullable String> id) {
    this.parameters = parameters;
    this.id = id;
    gone.close();
  }

  @Override
  public String parameters() {
    return parameters.replace("URL", server.url() + "/in");
  }

  @Override
  public String parametersOfNothing(String secret) {
    return parameters.replace("URL", gone.url() + "/" + secret);
  }

  @Override
  public List<Received> received() {
    return server.calls().stream()
        .filter(call -> id.apply(call) != null)
        .map(call -> new Received(id.apply(call), call.header("Idempotency-Key")))
        .toList();
  }

  @Override
  public void breakDown() {
    server.behave(call -> Answer.of(503, "Retry-After", "0.3"));
  }

  @Override
  public void mend() {
    server.behave(call -> Answer.json("{}"));
  }

  @Override
  public void close() {
    server.close();
  }
}
