package io.egression.ledger.embedded;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Whom the server runs as. PostgreSQL refuses root; so a hub that runs as root starts it as the
 * directory's owner, or else in a user namespace where root has another number, or else as nobody.
 *
 * @param prefix what stands before a server's command
 * @param uid whom the files must belong to; {@link #CALLER} where that is the caller anyway
 */
record PostgresAccount(List<String> prefix, int uid, int gid) {
  private static final int CALLER = -1;
  private static final int ROOT = 0;
  private static final int NOBODY = 65_534;

  static List<PostgresAccount> candidates(Path directory) {
    if (new UnixSystem().getUid() != ROOT) {
      return List.of(new PostgresAccount(List.of(), CALLER, CALLER));
    }
    int owner = id(directory, "uid");
    if (owner != ROOT) {
      return List.of(other(owner, id(directory, "gid")));
    }
    return List.of(
        new PostgresAccount(List.of("unshare", "-U"), ROOT, ROOT), other(NOBODY, NOBODY));
  }

  private static PostgresAccount other(int uid, int gid) {
    return new PostgresAccount(
        List.of("setpriv", "--reuid=" + uid, "--regid=" + gid, "--clear-groups"), uid, gid);
  }

  void own(Path tree) {
    if (uid == CALLER) {
      return;
    }
    try (Stream<Path> paths = Files.walk(tree)) {
      paths.filter(path -> id(path, "uid") != uid).forEach(this::take);
    } catch (IOException e) {
      throw new UncheckedIOException("%s cannot be read".formatted(tree), e);
    }
  }

  private void take(Path path) {
    try {
      Files.setAttribute(path, "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
      Files.setAttribute(path, "unix:gid", gid, LinkOption.NOFOLLOW_LINKS);
    } catch (IOException e) {
      throw new UncheckedIOException("%s cannot be given to user %d".formatted(path, uid), e);
    }
  }

  private static int id(Path path, String kind) {
    try {
      return (int) Files.getAttribute(path, "unix:" + kind, LinkOption.NOFOLLOW_LINKS);
    } catch (IOException e) {
      throw new UncheckedIOException("%s cannot be read".formatted(path), e);
    }
  }

  @Override
  public String toString() {
    return prefix.isEmpty() ? "the hub's user" : String.join(" ", prefix);
  }
}
