package io.egression.bench.part;

/** While nobody could call: a restart; milliseconds. */
record Away(double from, double to) {
  /** Never. */
  static final Away NEVER = new Away(0, 0);

  /** The same, counted from another moment. */
  Away since(double moment) {
    return this.equals(NEVER) ? this : new Away(from - moment, to - moment);
  }

  /** This moment, or the first after it when somebody is there. */
  double after(double moment) {
    return moment >= from && moment < to ? to : moment;
  }
}
