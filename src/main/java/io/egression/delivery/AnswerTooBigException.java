package io.egression.delivery;

import java.io.IOException;

/** The Metadata API's answer is larger than the hub takes in; no more of it was read. */
public final class AnswerTooBigException extends IOException {
  private static final long serialVersionUID = 1L;

  AnswerTooBigException(long most) {
    super("larger than " + most + " bytes (egression.metadata.max-body)");
  }
}
