import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.stream.IntStream;

/** Java's HttpClient against a server: java Client.java http://HOST:PORT */
public final class Client {
  private final HttpClient client = HttpClient.newHttpClient();
  private final String base;

  private Client(String base) {
    this.base = base;
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(base + path));
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private static void require(boolean holds, String what) {
    if (!holds) throw new AssertionError(what);
  }

  private void run() throws Exception {
    // Over plain text it offers HTTP/2 by an upgrade, which the server ignores.
    HttpResponse<String> plain = send(request("/plaintext"));
    require(plain.statusCode() == 200 && plain.body().equals("Hello, World!"), "GET");
    require(plain.version() == HttpClient.Version.HTTP_1_1, "the version");

    HttpResponse<String> head = send(request("/plaintext").method("HEAD", BodyPublishers.noBody()));
    require(head.body().isEmpty(), "HEAD has a body");
    require(head.headers().firstValueAsLong("content-length").orElse(-1) == 13, "HEAD's length");

    String body = "x".repeat(100_000);
    require(send(request("/echo").POST(BodyPublishers.ofString(body))).body().equals(body), "POST");
    require(
        send(request("/echo").POST(BodyPublishers.fromPublisher(BodyPublishers.ofString(body))))
            .body().equals(body),
        "POST in chunks");
    require(
        send(request("/echo").expectContinue(true).POST(BodyPublishers.ofString(body)))
            .body().equals(body),
        "POST that waits for 100");

    HttpResponse<String> range = send(request("/files/digits.txt").header("Range", "bytes=-3"));
    require(range.statusCode() == 206 && range.body().equals("789"), "a range");
    require(send(request("/none")).statusCode() == 404, "404");

    List<Integer> lengths =
        IntStream.range(0, 50)
            .mapToObj(i -> client.sendAsync(request("/bytes/5000").build(), BodyHandlers.ofString()))
            .toList().stream().map(each -> each.join().body().length()).toList();
    require(lengths.stream().allMatch(length -> length == 5000), "many at once");
  }

  public static void main(String[] arguments) throws Exception {
    new Client(arguments[0]).run();
  }
}
