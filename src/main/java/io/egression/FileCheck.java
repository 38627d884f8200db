package io.egression;

import io.egression.connector.Catalogue;
import io.egression.connector.ConnectorFolder;
import io.egression.connector.Fault;
import io.egression.connector.Fault.FaultyFilesException;
import io.egression.filter.Filters;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.spi.Resource;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;

/**
 * Checks what integration teams edit, as a whole and without a broker or a database: connectors,
 * policies, accounts, filters, belts and routes. What it does not find wrong, a hub starts with.
 */
final class FileCheck {
  private static final Pattern PLACE = Pattern.compile("line (\\d+), column (\\d+)");

  /** What Camel repeats of the file, and its name, which are said already. */
  private static final Pattern ECHO =
      Pattern.compile("; in file:[^;]*; .*?; \\^(?=;|$)|^Error pre-parsing resource: [^;]*; ");

  private final Path connectors;
  private final Path routes;
  private final Properties properties;
  private final List<Fault> faults = new ArrayList<>();

  private FileCheck(Path connectors, Path routes, Properties properties) {
    this.connectors = connectors;
    this.routes = routes;
    this.properties = properties;
  }

  /**
   * Every fault, file by file.
   *
   * @param properties what {@code {{…}}} may name
   */
  static List<Fault> of(Path connectors, Path routes, Properties properties) {
    FileCheck check = new FileCheck(connectors, routes, properties);
    check.check();
    return check.faults.stream()
        .sorted(
            Comparator.comparing((Fault fault) -> fault.file().toString())
                .thenComparingInt(Fault::line)
                .thenComparingInt(Fault::column))
        .toList();
  }

  private void check() {
    CamelContext camel = camel();
    connectors(camel);
    camel.stop();
    Map<String, Path> ids = new HashMap<>();
    files(routes, ".camel.yaml").forEach(file -> load(file, ids));
    files(connectors, ".kamelet.yaml").forEach(file -> load(file, ids));
  }

  private CamelContext camel() {
    CamelContext camel = new DefaultCamelContext();
    camel.getPropertiesComponent().setOverrideProperties(properties);
    camel.build();
    return camel;
  }

  private void connectors(CamelContext camel) {
    try {
      Catalogue catalogue = ConnectorFolder.read(connectors, camel::resolvePropertyPlaceholders);
      faults.addAll(new Filters(camel).check(catalogue.filters().values()));
    } catch (FaultyFilesException e) {
      faults.addAll(e.faults());
    }
  }

  /** As Camel reads it, into a context of its own: a fault of one file hides none of another. */
  private void load(Path file, Map<String, Path> ids) {
    if (faults.stream().anyMatch(fault -> fault.file().equals(file))) {
      return; // enough has been said
    }
    CamelContext camel = camel();
    try {
      Resource resource = ResourceHelper.resolveResource(camel, "file:" + file.toAbsolutePath());
      PluginHelper.getRoutesLoader(camel).loadRoutes(resource);
      for (RouteDefinition route : ((ModelCamelContext) camel).getRouteDefinitions()) {
        String id = route.getId();
        Path before = id == null ? null : ids.putIfAbsent(id, file);
        if (before != null && !before.equals(file)) {
          faults.add(new Fault(file, 1, 1, "route '%s' is in %s already".formatted(id, before)));
        }
      }
    } catch (Exception e) { // Camel declares Exception
      faults.add(fault(file, RouteFaults.explained(e).getMessage()));
    } finally {
      camel.stop();
    }
  }

  /** Where Camel says that it is. */
  private static Fault fault(Path file, String message) {
    Matcher place = PLACE.matcher(message);
    int line = 1;
    int column = 1;
    while (place.find()) { // the last one is the innermost
      line = Integer.parseInt(place.group(1));
      column = Integer.parseInt(place.group(2));
    }
    String said = message.replaceAll("\\s*\\n\\s*", "; ");
    return new Fault(file, line, column, ECHO.matcher(said).replaceAll(""));
  }

  private static List<Path> files(Path folder, String ending) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().endsWith(ending))
          .filter(file -> !file.getFileName().toString().startsWith("."))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + folder, e);
    }
  }
}
