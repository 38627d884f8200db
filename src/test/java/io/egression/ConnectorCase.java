package io.egression;

import java.util.List;

/** A real destination of one connector, as {@link ConnectorContractIT} needs it. */
interface ConnectorCase extends AutoCloseable {
  /**
   * What arrived.
   *
   * @param id of the object
   * @param key by which a repeat is recognised
   */
  record Received(String id, String key) {}

  /** The account's {@code parameters}, as YAML in one line. */
  String parameters();

  /** The same for a destination that is not there; the secret is in one of the values. */
  String parametersOfNothing(String secret);

  /** In the order of arrival. */
  List<Received> received();

  /** From now on nothing can be taken. */
  void breakDown();

  /** From now on everything is taken. */
  void mend();

  @Override
  void close();
}
