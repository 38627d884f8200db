package io.egression.connector;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.List;

/** Reads a recurring job from a file that its schema has passed. */
final class ScheduleReader {
  private final YamlFile file;
  private final List<Fault> faults;

  ScheduleReader(YamlFile file, List<Fault> faults) {
    this.file = file;
    this.faults = faults;
  }

  ScheduleDefinition read(String id) {
    JsonNode root = file.root();
    String cron = root.get("cron").asText();
    try {
      ScheduleDefinition.parse(cron);
    } catch (IllegalArgumentException e) {
      faults.add(file.at("/cron", "not a cron expression: " + e.getMessage()));
    }
    return new ScheduleDefinition(
        id,
        cron,
        zone(root.get("zone").asText()),
        !"skip".equals(root.path("misfire").asText()),
        root.get("job").toString(),
        cron + " " + root.get("zone").asText());
  }

  private ZoneId zone(String name) {
    try {
      return ZoneId.of(name);
    } catch (DateTimeException e) {
      faults.add(file.at("/zone", "not a time zone; they are written as Europe/Amsterdam or UTC"));
      return ZoneId.of("UTC");
    }
  }
}
