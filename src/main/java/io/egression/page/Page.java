package io.egression.page;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;

/**
 * Serves the page's files from memory. They hold nothing that is secret, so they are open to
 * everyone; what they show they ask of the API, with a key. Thread safe.
 */
public final class Page {
  private record File(Buffer content, String type, String tag) {}

  private static final List<String> OWN =
      List.of(
          "app.js",
          "api.js",
          "chart.js",
          "dialog.js",
          "icon.svg",
          "page.css",
          "words.js",
          "views/batches.js",
          "views/dead.js",
          "views/filters.js",
          "views/job.js",
          "views/jobs.js",
          "views/missing.js",
          "views/overview.js",
          "views/signin.js");

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "svg", "image/svg+xml");

  /** Nothing but the page's own files and the hub's API; and nobody frames it. */
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
          + " form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

  private final Map<String, File> files = new TreeMap<>();

  public Page() {
    files.put("/", read("/page/index.html"));
    OWN.forEach(name -> files.put("/page/" + name, read("/page/" + name)));
    webjar("lit-html", "lit-html.js", "lit-html.js");
    webjar("uplot", "dist/uPlot.esm.js", "uplot.js");
    webjar("uplot", "dist/uPlot.min.css", "uplot.css");
  }

  private void webjar(String library, String file, String as) {
    String about = "/META-INF/maven/org.webjars.npm/" + library + "/pom.properties";
    Properties properties = new Properties();
    try (InputStream input = open(about)) {
      properties.load(input);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    files.put(
        "/page/lib/" + as,
        read(
            "/META-INF/resources/webjars/%s/%s/%s"
                .formatted(library, properties.getProperty("version"), file)));
  }

  private static File read(String resource) {
    try (InputStream input = open(resource)) {
      byte[] content = input.readAllBytes();
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
      return new File(
          Buffer.buffer(content),
          TYPES.get(resource.substring(resource.lastIndexOf('.') + 1)),
          '"' + HexFormat.of().formatHex(hash, 0, 12) + '"');
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static InputStream open(String resource) {
    InputStream input = Page.class.getResourceAsStream(resource);
    if (input == null) {
      throw new IllegalStateException("the page's file is not packaged: " + resource);
    }
    return input;
  }

  /** Exactly what is served, and to everyone. */
  public Set<String> paths() {
    return Set.copyOf(files.keySet());
  }

  /** Adds the page's files to what is served. */
  public void serve(Router router) {
    files.forEach(
        (path, file) ->
            router
                .route(path)
                .method(HttpMethod.GET)
                .method(HttpMethod.HEAD)
                .handler(context -> answer(context, file)));
  }

  private static void answer(RoutingContext context, File file) {
    HttpServerResponse response = context.response();
    response
        .putHeader("ETag", file.tag)
        .putHeader("Cache-Control", "no-cache")
        .putHeader("Content-Security-Policy", POLICY)
        .putHeader("Referrer-Policy", "no-referrer")
        .putHeader("X-Content-Type-Options", "nosniff");
    if (file.tag.equals(context.request().getHeader("If-None-Match"))) {
      response.setStatusCode(304).end();
      return;
    }
    response.putHeader("Content-Type", file.type);
    if (context.request().method() == HttpMethod.HEAD) {
      response.putHeader("Content-Length", String.valueOf(file.content.length())).end();
    } else {
      response.end(file.content);
    }
  }
}
