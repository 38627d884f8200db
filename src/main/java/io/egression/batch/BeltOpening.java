package io.egression.batch;

import io.egression.ledger.BatchLedger;
import io.egression.ledger.BatchLedger.ToCancel;
import io.egression.ledger.Cancellation;
import io.egression.ledger.Eligibility;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens belts when those before them are done, and gives their jobs their places, step by step. Any
 * node may do so at any time. Thread safe.
 */
public final class BeltOpening {
  private static final Logger LOG = LoggerFactory.getLogger(BeltOpening.class);
  private static final int CANCELLED_AT_ONCE = 500;

  private final BatchLedger batches;
  private final Eligibility eligibility;
  private final Cancellation cancellation;

  public BeltOpening(BatchLedger batches, Eligibility eligibility, Cancellation cancellation) {
    this.batches = batches;
    this.eligibility = eligibility;
    this.cancellation = cancellation;
  }

  /** One step; whether there is more to do at once. */
  public boolean advance() {
    boolean opened = batches.advance();
    int placed = eligibility.placeOpened();
    batches.noteFilled();
    batches
        .late()
        .forEach(
            batch ->
                LOG.warn(
                    "batch {} of {} is still open after its sealAfter: its later belts are held until"
                        + " it is sealed",
                    batch.id(),
                    batch.subscription()));
    return opened || placed > 0 || cancelSome();
  }

  private boolean cancelSome() {
    List<ToCancel> jobs = batches.toCancel(CANCELLED_AT_ONCE);
    for (ToCancel job : jobs) {
      cancellation.cancel(job.job(), job.by());
      batches.cancelled(job);
    }
    return !jobs.isEmpty();
  }
}
