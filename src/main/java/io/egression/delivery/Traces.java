package io.egression.delivery;

import io.egression.job.Job;
import io.egression.job.Outcome;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.IdGenerator;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sends spans to an OpenTelemetry collector: one where a job was accepted, and below it one for
 * each request to the Metadata API and for each call, whose id is the one that was sent in {@code
 * traceparent}. All of a job, over its retries and nodes, are in one trace: the producer's, or one
 * named after the job. Spans that the collector does not take in time are dropped, never waited
 * for. Thread safe.
 */
public final class Traces implements AutoCloseable {
  private static final AttributeKey<String> JOB = AttributeKey.stringKey("egression.job");
  private static final AttributeKey<String> ACCOUNT = AttributeKey.stringKey("egression.account");
  private static final AttributeKey<String> KEY = AttributeKey.stringKey("egression.key");
  private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("egression.outcome");
  private static final AttributeKey<Long> OBJECTS = AttributeKey.longKey("egression.objects");
  private static final AttributeKey<Long> ATTEMPT = AttributeKey.longKey("egression.attempt");
  private static final AttributeKey<Long> STATUS =
      AttributeKey.longKey("http.response.status_code");
  private static final int CLOSE_SECONDS = 5;

  private final @Nullable SdkTracerProvider provider;
  private final @Nullable Tracer tracer;
  private final Clock clock;
  private final GivenIds ids = new GivenIds();

  /** The ids of the next span, which others have been told already. */
  private static final class GivenIds implements IdGenerator {
    private final ThreadLocal<String> trace = new ThreadLocal<>();
    private final ThreadLocal<String> span = new ThreadLocal<>();

    @Override
    public String generateTraceId() {
      String given = trace.get();
      return given == null ? IdGenerator.random().generateTraceId() : given;
    }

    @Override
    public String generateSpanId() {
      String given = span.get();
      return given == null ? IdGenerator.random().generateSpanId() : given;
    }

    Span start(SpanBuilder builder, String traceId, String spanId) {
      trace.set(traceId);
      span.set(spanId);
      try {
        return builder.startSpan();
      } finally {
        trace.remove();
        span.remove();
      }
    }
  }

  /**
   * @param collector where spans go, by OTLP over HTTP; null: none are made
   */
  public Traces(@Nullable String collector, String node, Clock clock) {
    this.clock = clock;
    if (collector == null) {
      provider = null;
      tracer = null;
      return;
    }
    Attributes of =
        Attributes.builder()
            .put("service.name", "egression")
            .put("service.instance.id", node)
            .build();
    provider =
        SdkTracerProvider.builder()
            .setIdGenerator(ids)
            .setResource(Resource.getDefault().merge(Resource.create(of)))
            .addSpanProcessor(
                BatchSpanProcessor.builder(
                        OtlpHttpSpanExporter.builder().setEndpoint(collector).build())
                    .setScheduleDelay(Duration.ofSeconds(1))
                    .build())
            .build();
    tracer = provider.get("io.egression");
  }

  /** The job was written to the ledger. */
  void accepted(Job job, Duration took) {
    if (tracer == null) {
      return;
    }
    Instant now = clock.instant();
    SpanBuilder builder =
        tracer
            .spanBuilder("accept " + job.objectType())
            .setSpanKind(SpanKind.SERVER)
            .setStartTimestamp(now.minus(took))
            .setAttribute(JOB, job.id().toString())
            .setAttribute(ACCOUNT, job.account().toString())
            .setAttribute(KEY, job.partitionKey());
    String producer = job.traceparent();
    if (producer == null) {
      builder.setNoParent();
    } else {
      builder.setParent(
          parent(producer.substring(3, 35), producer.substring(36, 52), producer.substring(53)));
    }
    ids.start(builder, Messages.trace(job.id(), producer), own(job.id())).end(now);
  }

  /**
   * What the Metadata API was asked last was answered.
   *
   * @param status null: it was not
   * @param fault why not
   */
  void fetched(Work work, @Nullable Integer status, @Nullable String fault) {
    Work.Question question = work.question;
    if (tracer == null || question == null) {
      return;
    }
    SpanBuilder builder =
        span("fetch " + work.job.objectType(), work, question.askedAt())
            .setAttribute(OBJECTS, (long) question.ids().size());
    if (status != null) {
      builder.setAttribute(STATUS, status.longValue());
    }
    Span span =
        ids.start(builder, Messages.trace(work.job), question.traceparent().substring(36, 52));
    if (fault != null) {
      span.setStatus(StatusCode.ERROR, fault);
    }
    span.end(question.askedAt().plus(Duration.ofNanos(System.nanoTime() - question.askedNanos())));
  }

  /** One of the job in hand, beside its others. */
  private SpanBuilder span(String name, Work work, Instant from) {
    String producer = work.job.traceparent();
    String flags = producer == null ? "01" : producer.substring(53);
    return Objects.requireNonNull(tracer)
        .spanBuilder(name)
        .setSpanKind(SpanKind.CLIENT)
        .setStartTimestamp(from)
        .setParent(parent(Messages.trace(work.job), own(work.job.id()), flags))
        .setAttribute(JOB, work.job.id().toString())
        .setAttribute(ACCOUNT, work.getAccount())
        .setAttribute(KEY, work.run.partitionKey());
  }

  /** The call of the job in hand has ended. */
  void called(Work work, Outcome outcome) {
    if (tracer == null || work.traceparent == null || work.calledAt == null) {
      return;
    }
    SpanBuilder builder =
        span("call " + work.getConnector(), work, work.calledAt)
            .setAttribute(ATTEMPT, (long) work.job.attempts() + 1)
            .setAttribute(OUTCOME, outcome.word());
    if (work.status != null) {
      builder.setAttribute(STATUS, work.status.longValue());
    }
    Span span = ids.start(builder, Messages.trace(work.job), work.traceparent.substring(36, 52));
    if (!(outcome instanceof Outcome.Delivered)) {
      span.setStatus(StatusCode.ERROR, outcome.reason());
    }
    span.end(work.calledAt.plus(work.took));
  }

  /** The id of the span where the job was accepted. */
  private static String own(UUID job) {
    return Messages.hex(job).substring(16);
  }

  private static Context parent(String trace, String span, String flags) {
    SpanContext remote =
        SpanContext.createFromRemoteParent(
            trace, span, TraceFlags.fromHex(flags, 0), TraceState.getDefault());
    return Context.root().with(Span.wrap(remote));
  }

  @Override
  public void close() {
    if (provider != null) {
      provider.shutdown().join(CLOSE_SECONDS, TimeUnit.SECONDS);
    }
  }
}
