package io.egression.delivery;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import org.apache.hc.client5.http.classic.ExecRuntime;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.HttpEntityWrapper;
import org.jspecify.annotations.Nullable;

/**
 * An answer's body, unpacked, of which no more is read than a limit allows, until a deadline. One
 * thread.
 */
final class BoundedAnswer extends HttpEntityWrapper {
  private final long most;
  private final CallDeadlines.Call deadline;
  private final ExecRuntime connection;
  private final long length;
  private @Nullable InputStream content;

  BoundedAnswer(HttpEntity answer, long most, CallDeadlines.Call deadline, ExecRuntime connection) {
    super(answer);
    this.most = most;
    this.deadline = deadline;
    this.connection = connection;
    this.length = answer.getContentLength();
  }

  @Override
  public InputStream getContent() throws IOException {
    if (content == null) {
      content = new Content(super.getContent());
    }
    return content;
  }

  /** What is to be thrown when the deadline may be the cause of a fault. */
  static IOException explained(IOException fault, CallDeadlines.Call deadline) {
    if (!deadline.isExpired()) {
      return fault;
    }
    IOException late = new SocketTimeoutException("the answer took too long in total");
    late.initCause(fault);
    return late;
  }

  private final class Content extends FilterInputStream {
    private long taken;
    private boolean ended;

    Content(InputStream content) {
      super(content);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int wanted) throws IOException {
      if (length > most) {
        throw new AnswerTooBigException(most);
      }
      int read = readOrExplain(bytes, offset, wanted);
      ended |= read < 0;
      taken += Math.max(read, 0);
      if (taken > most) {
        throw new AnswerTooBigException(most);
      }
      return read;
    }

    private int readOrExplain(byte[] bytes, int offset, int wanted) throws IOException {
      try {
        if (deadline.isExpired()) {
          throw new IOException("no connection was there to close at the deadline");
        }
        return super.read(bytes, offset, wanted);
      } catch (IOException e) {
        throw explained(e, deadline);
      }
    }

    /** A rest is not read, as it would be to use the connection again: it may be endless. */
    @Override
    public void close() throws IOException {
      deadline.close();
      if (!ended && taken != length) {
        connection.discardEndpoint();
      }
      super.close();
    }
  }
}
