package io.egression;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.spi.Resource;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;

/**
 * The routes' files as they are in force, and how they follow an edit: a route that is replaced
 * ends what it has in hand, and whoever calls it meanwhile waits. One thread.
 */
final class RouteFiles {
  /** Who names one of these is made anew with it. */
  private static final List<String> SHARED = List.of("routeConfiguration:", "routeTemplate:");

  private final CamelContext camel;
  private final Path folder;
  private Map<Path, String> inForce;

  RouteFiles(CamelContext camel, Path folder) {
    this.camel = camel;
    this.folder = folder;
    this.inForce = read();
  }

  private Map<Path, String> read() {
    Map<Path, String> files = new TreeMap<>();
    try (Stream<Path> all = Files.list(folder)) {
      for (Path file : all.filter(path -> path.toString().endsWith(".camel.yaml")).toList()) {
        if (!file.getFileName().toString().startsWith(".")) {
          files.put(file, Files.readString(file));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return files;
  }

  /**
   * Puts the files in force that are not.
   *
   * @param before is told if there are any: Camel replaces a route when nothing is under way in it
   * @return whether what other routes are made of has changed: templates and configurations
   * @throws RuntimeException saying why that is not possible; what was in force is again
   */
  boolean update(Runnable before) {
    Map<Path, String> now = read();
    Map<Path, String> changed = new TreeMap<>(now);
    changed.entrySet().removeIf(file -> file.getValue().equals(inForce.get(file.getKey())));
    Set<Path> gone = new HashSet<>(inForce.keySet());
    gone.removeAll(now.keySet());
    if (changed.isEmpty() && gone.isEmpty()) {
      return false;
    }
    before.run();
    boolean shared = changed.values().stream().anyMatch(RouteFiles::isShared);
    Map<Path, String> old = inForce;
    try {
      load(shared ? now : changed);
      gone.forEach(this::remove);
      inForce = now;
    } catch (RuntimeException e) {
      Map<Path, String> back = new HashMap<>(old);
      back.keySet().retainAll(changed.keySet());
      load(back);
      throw e;
    }
    return shared;
  }

  private static boolean isShared(String content) {
    return SHARED.stream().anyMatch(content::contains);
  }

  private void load(Map<Path, String> files) {
    List<Resource> resources = new ArrayList<>();
    files.forEach(
        (file, content) ->
            resources.add(ResourceHelper.fromString("file:" + file.toAbsolutePath(), content)));
    try {
      PluginHelper.getRoutesLoader(camel).updateRoutes(resources);
    } catch (Exception e) { // Camel declares Exception
      throw RouteFaults.explained(e);
    }
  }

  private void remove(Path file) {
    String location = "file:" + file.toAbsolutePath();
    camel.getRoutes().stream()
        .filter(
            route ->
                route.getSourceResource() != null
                    && route.getSourceResource().getLocation().equals(location))
        .map(org.apache.camel.Route::getRouteId)
        .toList()
        .forEach(this::remove);
  }

  private void remove(String route) {
    try {
      camel.getRouteController().stopRoute(route);
      camel.removeRoute(route);
    } catch (Exception e) { // Camel declares Exception
      throw new IllegalStateException("route " + route + " cannot be stopped", e);
    }
  }
}
