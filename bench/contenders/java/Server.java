import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The routes that tacit-bench compares, on the HTTP server of the JDK.
 *
 * <p>usage: java Server PORT WORKERS [LIVE_MB [virtual]]. Listens on 127.0.0.1:PORT. Requests run
 * on a pool of four threads for each worker, or each on a virtual thread where the JDK has them.
 * bench/contenders/README.md says what the churn workload has to do.
 */
public final class Server {
  private static final int GARBAGE_MAX = 64 << 20;
  private static final int THREADS_PER_WORKER = 4;

  /** A session of the live set: six objects. */
  private static final class Session {
    final long id;
    long visits = 1;
    Session newer;
    Session older;
    final byte[] payload = new byte[320];
    final byte[] tag0 = new byte[32];
    final byte[] tag1 = new byte[32];
    final byte[] tag2 = new byte[32];
    final byte[] tag3 = new byte[32];

    Session(long id) {
      this.id = id;
      Arrays.fill(payload, (byte) id);
      Arrays.fill(tag0, (byte) id);
      Arrays.fill(tag1, (byte) (id + 1));
      Arrays.fill(tag2, (byte) (id + 2));
      Arrays.fill(tag3, (byte) (id + 3));
    }
  }

  /** One part of the live set: an index, and a list by last use. */
  private static final class Shard {
    private final int sessionsMax;
    private final HashMap<Long, Session> index;
    private Session newest;
    private Session oldest;

    Shard(int sessionsMax) {
      this.sessionsMax = sessionsMax;
      index = new HashMap<>(sessionsMax * 4 / 3 + 1);
    }

    synchronized void replace(long id) {
      Session made = new Session(id);
      Session old = index.get(id);
      if (old != null) {
        made.visits = old.visits + 1;
        unlink(old);
      } else if (index.size() == sessionsMax) {
        old = oldest;
        unlink(old);
        index.remove(old.id);
      }
      index.put(id, made);
      made.older = newest;
      if (newest != null) newest.newer = made;
      else oldest = made;
      newest = made;
    }

    private void unlink(Session old) {
      if (old.newer != null) old.newer.older = old.older;
      else newest = old.older;
      if (old.older != null) old.older.newer = old.newer;
      else oldest = old.newer;
    }
  }

  /** A bounded number of sessions, of which the least recently used one goes. */
  private static final class LiveSet {
    private static final int SESSIONS_PER_MB = 2048;
    private static final int SHARDS = 16;
    private final long sessions;
    private final AtomicLong turn = new AtomicLong();
    private final Shard[] shards = new Shard[SHARDS];

    LiveSet(int megabytes) {
      sessions = (long) megabytes * SESSIONS_PER_MB;
      for (int i = 0; i < SHARDS; ++i) shards[i] = new Shard((int) (sessions / SHARDS));
      for (long id = 0; id < sessions; ++id) shards[(int) (id % SHARDS)].replace(id);
    }

    void touch() {
      if (sessions == 0) return;
      long id = Long.remainderUnsigned(mix(turn.incrementAndGet()), 2 * sessions);
      shards[(int) (id % SHARDS)].replace(id);
    }

    /** The finalizer of SplitMix64. */
    private static long mix(long turn) {
      long z = turn * 0x9e3779b97f4a7c15L;
      z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
      z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
      return z ^ z >>> 31;
    }
  }

  private static void answer(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    if (body.length != 0) exchange.getResponseBody().write(body);
    exchange.close();
  }

  private static HttpHandler text(String type, String body) {
    return exchange -> answer(exchange, 200, type, body.getBytes(StandardCharsets.UTF_8));
  }

  /** The number behind NAME= in the query; -1 where there is none that is allowed. */
  private static long number(String query, String name) {
    if (query == null) return -1;
    for (String each : query.split("&")) {
      if (!each.startsWith(name + "=")) continue;
      try {
        long value = Long.parseLong(each.substring(name.length() + 1));
        return value <= GARBAGE_MAX ? value : -1;
      } catch (NumberFormatException wrong) {
        return -1;
      }
    }
    return -1;
  }

  private static void churn(HttpExchange exchange, LiveSet live) throws IOException {
    String query = exchange.getRequestURI().getRawQuery();
    long objects = number(query, "objects");
    long bytes = number(query, "bytes");
    if (objects < 0 || bytes < 0 || objects * bytes > GARBAGE_MAX) {
      byte[] why = "expected objects=N&bytes=M up to 64 MiB\n".getBytes(StandardCharsets.UTF_8);
      answer(exchange, 400, "text/plain; charset=utf-8", why);
      return;
    }
    byte[][] garbage = new byte[(int) objects][];
    long sum = 0;
    for (int i = 0; i < objects; ++i) {
      byte[] object = new byte[(int) bytes];
      Arrays.fill(object, (byte) i);
      for (byte each : object) sum += each & 0xff;
      garbage[i] = object;
    }
    live.touch();
    byte[] body = (sum + "\n").getBytes(StandardCharsets.UTF_8);
    answer(exchange, 200, "text/plain; charset=utf-8", body);
  }

  /** Virtual threads came with JDK 21; this file compiles with older ones too. */
  private static ExecutorService virtualThreads() throws ReflectiveOperationException {
    return (ExecutorService)
        Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
  }

  public static void main(String[] arguments) throws Exception {
    if (arguments.length < 2 || arguments.length > 4) {
      System.err.println("usage: Server PORT WORKERS [LIVE_MB [virtual]]");
      System.exit(2);
    }
    int port = Integer.parseInt(arguments[0]);
    int workers = Integer.parseInt(arguments[1]);
    LiveSet live = new LiveSet(arguments.length > 2 ? Integer.parseInt(arguments[2]) : 0);
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 4096);
    server.setExecutor(
        arguments.length > 3 && arguments[3].equals("virtual")
            ? virtualThreads()
            : Executors.newFixedThreadPool(THREADS_PER_WORKER * workers));
    server.createContext("/plaintext", text("text/plain; charset=utf-8", "Hello, World!"));
    server.createContext("/healthz", text("text/plain; charset=utf-8", "ok\n"));
    server.createContext("/json", text("application/json", "{\"message\":\"Hello, World!\"}"));
    server.createContext("/churn", exchange -> churn(exchange, live));
    server.createContext(
        "/echo",
        exchange ->
            answer(exchange, 200, "application/octet-stream", exchange.getRequestBody().readAllBytes()));
    // A signal would end it with status 143, as if something had gone wrong.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(0)));
    server.start();
  }
}
