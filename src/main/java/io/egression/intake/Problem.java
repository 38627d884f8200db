package io.egression.intake;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A problem document (RFC 9457).
 *
 * @param errors one per fault, each with the JSON Pointer (RFC 6901) of its field, or the name of
 *     its query parameter
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Problem(
    String type, String title, int status, @Nullable String detail, List<FieldFault> errors) {
  /** The media type of every problem. */
  public static final String MEDIA_TYPE = "application/problem+json";

  /** A fault of one field, or of one query parameter, and what would be right. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record FieldFault(@Nullable String pointer, @Nullable String parameter, String detail) {
    public FieldFault(String pointer, String detail) {
      this(pointer, null, detail);
    }

    public static FieldFault ofParameter(String name, String detail) {
      return new FieldFault(null, name, detail);
    }
  }

  public static Problem of(int status, String name, String title, @Nullable String detail) {
    return new Problem("urn:egression:problem:" + name, title, status, detail, List.of());
  }

  /** Carries a problem to the route's error policy. */
  public static final class ProblemException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient Problem problem;
    private final int retryAfterSeconds;

    public ProblemException(Problem problem) {
      this(problem, 0);
    }

    public ProblemException(Problem problem, int retryAfterSeconds) {
      super(problem.title);
      this.problem = problem;
      this.retryAfterSeconds = retryAfterSeconds;
    }

    public Problem problem() {
      return problem;
    }

    /** 0: do not say. */
    public int retryAfterSeconds() {
      return retryAfterSeconds;
    }
  }
}
