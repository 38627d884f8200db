package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.results.Rule;
import com.deque.html.axecore.selenium.AxeBuilder;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;

/** A real headless Chromium, looking at the page of a hub. */
final class Browser implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private static final String CHROMIUM = "chromium";
  private static final String DRIVER = "chromedriver";
  static final String MISSING =
      "the page is not tested, chromium and chromedriver are not installed"
          + " (Debian: apt-get install chromium chromium-driver)";

  private final ChromeDriver driver;
  private final URI address;

  private Browser(ChromeDriver driver, URI address) {
    this.driver = driver;
    this.address = address;
  }

  /** Whether there is one; if not, says loudly that its tests are skipped. */
  static boolean isInstalled() {
    boolean installed = program(CHROMIUM).isPresent() && program(DRIVER).isPresent();
    if (!installed) {
      System.err.println("SKIPPED: " + MISSING);
    }
    return installed;
  }

  static Browser at(URI address) {
    Optional<File> chromium = program(CHROMIUM);
    Optional<File> control = program(DRIVER);
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium.orElseThrow());
    options.addArguments("--headless=new", "--no-sandbox", "--disable-dev-shm-usage");
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(control.orElseThrow())
            .usingAnyFreePort()
            .build();
    return new Browser(new ChromeDriver(service, options), address);
  }

  private static Optional<File> program(String name) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .map(folder -> new File(folder, name))
        .filter(File::canExecute)
        .findFirst();
  }

  /** Opens a view by its address after the {@code #}. */
  Browser open(String view) {
    driver.get(address + "/#" + view);
    return this;
  }

  Browser wide() {
    driver.manage().window().setSize(new Dimension(1280, 900));
    return this;
  }

  Browser phone() {
    driver.manage().window().setSize(new Dimension(390, 844));
    return this;
  }

  /** The theme that the system prefers: light or dark. */
  Browser theme(String theme) {
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", theme))));
    return this;
  }

  Browser type(String into, String text) {
    WebElement field = find(By.name(into));
    field.clear();
    field.sendKeys(text);
    return this;
  }

  /** Presses the button or follows the link with this text; that of a dialog, if one is open. */
  Browser click(String text) {
    By by =
        By.xpath(
            ".//button[normalize-space()='%1$s'] | .//a[normalize-space()='%1$s'] | .//summary[contains(., '%1$s')]"
                .formatted(text));
    await("a button or link '" + text + "'", () -> click(by));
    return this;
  }

  private boolean click(By by) {
    List<WebElement> dialogs = driver.findElements(By.cssSelector("dialog[open]"));
    WebElement within = dialogs.isEmpty() ? driver.findElement(By.tagName("body")) : dialogs.get(0);
    Optional<WebElement> found =
        within.findElements(by).stream().filter(WebElement::isDisplayed).findFirst();
    found.ifPresent(WebElement::click);
    return found.isPresent();
  }

  WebElement find(By by) {
    await("element " + by, () -> !driver.findElements(by).isEmpty());
    return driver.findElement(by);
  }

  /** Waits until the page shows the text. */
  Browser shows(String text) {
    await("the text '" + text + "'", () -> text().contains(text));
    return this;
  }

  /** Waits until the view has what it asked for. */
  Browser loaded() {
    await(
        "the view " + driver.getCurrentUrl(),
        () -> text().contains("Sign out") && !text().contains("One moment"));
    return this;
  }

  Browser press(CharSequence key) {
    driver.switchTo().activeElement().sendKeys(key);
    return this;
  }

  /** The text of what has the focus. */
  String focused() {
    return driver.switchTo().activeElement().getText();
  }

  /** The name of the field that has the focus. */
  String focusedName() {
    return driver.switchTo().activeElement().getDomAttribute("name");
  }

  String text() {
    return driver.findElement(By.tagName("body")).getText();
  }

  private static void await(String what, java.util.concurrent.Callable<Boolean> condition) {
    Awaitility.await(what)
        .atMost(PATIENCE)
        .ignoreException(StaleElementReferenceException.class) // drawn anew meanwhile
        .until(condition);
  }

  /** No fault that keeps people out, by the axe rules. */
  Browser isAccessible() {
    List<Rule> serious =
        new AxeBuilder()
            .analyze(driver).getViolations().stream()
                .filter(rule -> List.of("serious", "critical").contains(rule.getImpact()))
                .toList();
    assertThat(serious)
        .as(driver.getCurrentUrl())
        .extracting(rule -> rule.getId() + ": " + rule.getNodes())
        .isEmpty();
    return this;
  }

  /** Nothing is cut off at the side. */
  Browser fits() {
    Number over =
        (Number)
            driver.executeScript(
                "return document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assertThat(over.intValue()).as("pixels too wide: " + driver.getCurrentUrl()).isZero();
    return this;
  }

  /** Saves what is seen, for people to look at. */
  Browser picture(String name) {
    try {
      Path folder = Files.createDirectories(Path.of("target", "page"));
      Files.write(folder.resolve(name + ".png"), driver.getScreenshotAs(OutputType.BYTES));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  /** What the browser complained of: scripts that failed, files that were refused. */
  List<String> complaints() {
    return driver.manage().logs().get("browser").getAll().stream()
        .filter(entry -> entry.getLevel() == java.util.logging.Level.SEVERE)
        .map(Object::toString)
        .toList();
  }

  @Override
  public void close() {
    driver.quit();
  }
}
