package io.egression;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaAnnotation;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The shape of the code: rooms in their order, and what no class does. */
class RoomsTest {
  /** A room depends only on rooms before it; the root package wires them all. */
  private static final List<String> ROOMS =
      List.of(
          "job",
          "ledger",
          "limit",
          "connector",
          "filter",
          "batch",
          "delivery",
          "intake",
          "notify",
          "access",
          "page",
          "cli",
          "demo");

  private static final JavaClasses CODE =
      new ClassFileImporter()
          .importUrl(Hub.class.getProtectionDomain().getCodeSource().getLocation());

  /** Those that set a field from outside. */
  private static final Set<String> INJECTIONS =
      Set.of(
          "jakarta.annotation.Resource",
          "jakarta.inject.Inject",
          "javax.annotation.Resource",
          "javax.inject.Inject",
          "org.apache.camel.BeanConfigInject",
          "org.apache.camel.BeanInject",
          "org.apache.camel.EndpointInject",
          "org.apache.camel.Produce",
          "org.apache.camel.PropertyInject",
          "org.springframework.beans.factory.annotation.Autowired",
          "org.springframework.beans.factory.annotation.Value");

  static Stream<String> rooms() {
    return ROOMS.stream();
  }

  @ParameterizedTest
  @MethodSource("rooms")
  void a_room_depends_only_on_rooms_to_its_left(String room) {
    List<String> forbidden = new ArrayList<>(List.of("io.egression"));
    ROOMS
        .subList(ROOMS.indexOf(room) + 1, ROOMS.size())
        .forEach(right -> forbidden.add("io.egression." + right + ".."));
    noClasses()
        .that()
        .resideInAPackage("io.egression." + room + "..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(forbidden.toArray(String[]::new))
        .allowEmptyShould(true) // a room is made when it is needed
        .check(CODE);
  }

  @Test
  void every_class_is_in_a_room_or_wires_them() {
    List<String> places = new ArrayList<>(List.of("io.egression"));
    ROOMS.forEach(room -> places.add("io.egression." + room + ".."));
    classes().should().resideInAnyPackage(places.toArray(String[]::new)).check(CODE);
  }

  @Test
  void no_packages_depend_on_each_other_in_a_circle() {
    slices().matching("io.(**)").should().beFreeOfCycles().check(CODE);
  }

  @Test
  void nothing_sleeps_but_the_demo() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.egression.demo..")
        .should()
        .accessTargetWhere(isMethod("java.lang.Thread", "sleep"))
        .because("a consumer that sleeps blocks every key behind it")
        .check(CODE);
  }

  @Test
  void nothing_sleeps_by_another_name_but_the_demo_and_who_waits_for_a_program_to_start() {
    noClasses()
        .that()
        .resideOutsideOfPackages("io.egression.demo..", "io.egression.ledger.embedded..")
        .should()
        .accessTargetWhere(isMethod("java.util.concurrent.TimeUnit", "sleep"))
        .check(CODE);
  }

  @Test
  void time_is_not_a_java_util_date_but_where_the_library_for_tokens_wants_one() {
    noClasses()
        .that()
        .haveNameNotMatching("io\\.egression\\.access\\.AccessTokens.*")
        .should()
        .dependOnClassesThat(assignableTo(Date.class))
        .check(CODE);
  }

  @Test
  void the_time_is_asked_of_an_injected_clock() {
    noClasses()
        .that()
        .resideOutsideOfPackages("io.egression.demo..", "io.egression.ledger.embedded..")
        .should()
        .accessTargetWhere(
            isMethod("java.time.Instant", "now")
                .or(isMethod("java.time.Clock", "systemUTC"))
                .or(isMethod("java.time.Clock", "systemDefaultZone"))
                .or(isMethod("java.lang.System", "currentTimeMillis")))
        .because("there is one time: the database's")
        .check(CODE);
  }

  @Test
  void only_commands_write_to_the_terminal() {
    noClasses()
        .that()
        .resideOutsideOfPackages("io.egression.cli..", "io.egression.demo..")
        .should(ACCESS_STANDARD_STREAMS)
        .because("everything else logs")
        .check(CODE);
  }

  @Test
  void no_field_is_injected() {
    noFields()
        .should()
        .beAnnotatedWith(
            describe(
                "an annotation that injects",
                (JavaAnnotation<?> annotation) ->
                    INJECTIONS.contains(annotation.getRawType().getName())))
        .because("what a class needs is in its constructor")
        .check(CODE);
  }

  @Test
  void every_package_says_what_it_owns_and_that_nothing_is_null_unless_said() {
    List<String> unmarked =
        CODE.stream()
            .map(type -> type.getPackage())
            .distinct()
            .filter(room -> !isNullMarked(room))
            .map(JavaPackage::getName)
            .toList();
    assertThat(unmarked).as("packages without a package-info.java with @NullMarked").isEmpty();
  }

  private static boolean isNullMarked(JavaPackage room) {
    return room.tryGetPackageInfo().isPresent() && room.isAnnotatedWith(NullMarked.class);
  }

  private static DescribedPredicate<JavaAccess<?>> isMethod(String owner, String name) {
    return describe(
        owner + "." + name,
        access ->
            access.getTarget().getName().equals(name)
                && access.getTargetOwner().getName().equals(owner));
  }
}
