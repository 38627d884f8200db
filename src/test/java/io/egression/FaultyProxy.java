package io.egression;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * Stands between a hub and PostgreSQL and fails as networks do: refuses, cuts, hangs, or cuts the
 * connection at the commit of a chosen transaction. It reads the client's messages (PostgreSQL's
 * frontend protocol, version 3) and passes on what the server says.
 */
public final class FaultyProxy implements AutoCloseable {
  /** When a commit's connection is cut. */
  public enum Cut {
    /** The server never sees the commit. */
    BEFORE_COMMIT,
    /** The server has committed, the client never hears of it. */
    AFTER_COMMIT
  }

  private record Trap(String statement, boolean inTransaction, Cut cut) {}

  private final InetSocketAddress target;
  private final int port;
  private final Set<Pair> pairs = ConcurrentHashMap.newKeySet();
  private final AtomicReference<Trap> trap = new AtomicReference<>();
  private final Object passing = new Object();
  private boolean hanging;
  private volatile Duration delay = Duration.ZERO;
  private volatile ServerSocket listener;

  public FaultyProxy(int targetPort) {
    target = new InetSocketAddress(InetAddress.getLoopbackAddress(), targetPort);
    listener = listen(0);
    port = listener.getLocalPort();
    accept(listener);
  }

  public int port() {
    return port;
  }

  /** New connections are refused and open ones cut, until {@link #heal}. */
  public void refuse() {
    close(listener);
    cut();
  }

  /** Cuts every open connection. */
  public void cut() {
    pairs.forEach(Pair::close);
  }

  /** Nothing gets through in either direction, until {@link #heal}. */
  public void hang() {
    synchronized (passing) {
      hanging = true;
    }
  }

  /** The server's answers are on their way for so long, until {@link #heal}. */
  public void slow(Duration answers) {
    delay = answers;
  }

  /** Cuts the next transaction that has sent a statement with this text, at its commit. */
  public void cutCommitOf(String statement, Cut cut) {
    trap.set(new Trap(statement, true, cut));
  }

  /** Cuts at the next statement with this text, which commits by itself. */
  public void cutStatement(String statement, Cut cut) {
    trap.set(new Trap(statement, false, cut));
  }

  /** Whether something is still to be cut. */
  public boolean isTrapSet() {
    return trap.get() != null;
  }

  /** All is well again. */
  public void heal() {
    delay = Duration.ZERO;
    release();
    if (listener.isClosed()) {
      listener = listen(port);
      accept(listener);
    }
  }

  @Override
  public void close() {
    close(listener);
    release();
    cut();
  }

  private void release() {
    synchronized (passing) {
      hanging = false;
      passing.notifyAll();
    }
  }

  private static ServerSocket listen(int port) {
    try {
      ServerSocket socket = new ServerSocket();
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 200);
      return socket;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void accept(ServerSocket from) {
    start(
        () -> {
          while (true) {
            Socket client = from.accept();
            Pair pair = new Pair(client, new Socket(target.getAddress(), target.getPort()));
            pairs.add(pair);
            start(pair::passRequests);
            start(pair::passAnswers);
            if (from.isClosed()) {
              pair.close(); // accepted while the others were cut
            }
          }
        });
  }

  private interface Io {
    void run() throws IOException;
  }

  private static void start(Io work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (IOException e) {
                return; // closed: that is what this proxy is for
              }
            },
            "faulty-proxy");
    thread.setDaemon(true);
    thread.start();
  }

  private void awaitPassing() {
    synchronized (passing) {
      while (hanging) {
        try {
          passing.wait();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
    }
  }

  private static void close(AutoCloseable socket) {
    try {
      socket.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** A client's connection and its server's. */
  private final class Pair {
    private static final int SSL_REQUEST = 80_877_103;
    private static final String READY_AND_NO_TRANSACTION = "Z\0\0\0\u0005I";

    private final Socket client;
    private final Socket server;
    private final Map<String, String> prepared = new HashMap<>();
    private boolean marked;
    private volatile boolean swallowing;

    Pair(Socket client, Socket server) {
      this.client = client;
      this.server = server;
    }

    void passRequests() throws IOException {
      try (this.client) {
        DataInputStream in = new DataInputStream(client.getInputStream());
        OutputStream out = server.getOutputStream();
        boolean started = false;
        while (!started) {
          ByteBuffer greeting = message(in, 0);
          started = greeting.getInt(4) != SSL_REQUEST;
          pass(greeting, out);
        }
        for (int type = in.read(); type >= 0; type = in.read()) {
          ByteBuffer message = message(in, type);
          if (look((char) type, message)) {
            return;
          }
          pass(message, out);
        }
      } finally {
        close();
      }
    }

    /** A message with its length and, unless 0, its type before it. */
    private ByteBuffer message(DataInputStream in, int type) throws IOException {
      int length = in.readInt();
      ByteBuffer message = ByteBuffer.allocate(length + (type == 0 ? 0 : 1));
      if (type != 0) {
        message.put((byte) type);
      }
      message.putInt(length);
      in.readFully(message.array(), message.position(), length - 4);
      return message;
    }

    private void pass(ByteBuffer message, OutputStream out) throws IOException {
      awaitPassing();
      out.write(message.array());
      out.flush();
    }

    /** Whether the connection ends here. */
    private boolean look(char type, ByteBuffer message) {
      String sql = statement(type, message);
      Trap set = trap.get();
      if (sql == null || set == null) {
        return false;
      }
      boolean commits =
          set.inTransaction ? sql.equals("COMMIT") && marked : sql.contains(set.statement);
      if (commits && trap.compareAndSet(set, null)) {
        swallowing = set.cut == Cut.AFTER_COMMIT;
        return !swallowing;
      }
      marked = !sql.equals("COMMIT") && (marked || sql.contains(set.statement));
      return false;
    }

    /** The SQL that the message runs, if it does: of a simple query, or of a bound statement. */
    private String statement(char type, ByteBuffer message) {
      String[] words =
          new String(message.array(), 5, message.capacity() - 5, StandardCharsets.ISO_8859_1)
              .split("\0", 3);
      if (type == 'P') {
        prepared.put(words[0], words[1]);
      }
      return type == 'Q' ? words[0] : type == 'B' ? prepared.get(words[1]) : null;
    }

    void passAnswers() throws IOException {
      try (this.server) {
        InputStream in = server.getInputStream();
        OutputStream out = client.getOutputStream();
        byte[] buffer = new byte[65_536];
        ByteArrayOutputStream swallowed = new ByteArrayOutputStream();
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          awaitPassing();
          LockSupport.parkNanos(delay.toNanos());
          if (!swallowing) {
            out.write(buffer, 0, n);
            out.flush();
          } else {
            swallowed.write(buffer, 0, n);
            if (swallowed
                .toString(StandardCharsets.ISO_8859_1)
                .contains(READY_AND_NO_TRANSACTION)) {
              return;
            }
          }
        }
      } finally {
        close();
      }
    }

    void close() {
      pairs.remove(this);
      FaultyProxy.close(client);
      FaultyProxy.close(server);
    }
  }
}
