package io.egression.job;

/** Names an account: one subscription's channel. */
public record AccountKey(String subscription, String channel) {
  @Override
  public String toString() {
    return subscription + "/" + channel;
  }
}
