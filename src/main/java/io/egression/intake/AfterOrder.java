package io.egression.intake;

import io.egression.job.ObjectRef;
import io.egression.job.Submission;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The order in which jobs of one request are accepted: each after those after which it comes. */
final class AfterOrder {
  /** The jobs wait for each other. */
  static final class CycleException extends Exception {
    private static final long serialVersionUID = 1;

    private final int index;

    CycleException(int index, String path) {
      super("goes round in a circle: " + path);
      this.index = index;
    }

    /** Of a job in it. */
    int index() {
      return index;
    }
  }

  private enum Mark {
    NEW,
    ON_THE_WAY,
    DONE
  }

  private final List<Submission> jobs;
  private final Map<ObjectRef, List<Integer>> byObject = new HashMap<>();
  private final Mark[] marks;
  private final List<Integer> way = new ArrayList<>();
  private final List<Integer> order = new ArrayList<>();

  private AfterOrder(List<Submission> jobs) {
    this.jobs = jobs;
    this.marks = new Mark[jobs.size()];
    java.util.Arrays.fill(marks, Mark.NEW);
    for (int i = 0; i < jobs.size(); i++) {
      for (ObjectRef object : objects(jobs.get(i))) {
        byObject.computeIfAbsent(object, o -> new ArrayList<>()).add(i);
      }
    }
  }

  /** Their indices, in order; as they came if none says anything. */
  static List<Integer> of(List<Submission> jobs) throws CycleException {
    if (jobs.stream().allMatch(job -> job.after().isEmpty())) {
      return IntStream.range(0, jobs.size()).boxed().toList();
    }
    AfterOrder order = new AfterOrder(jobs);
    for (int i = 0; i < jobs.size(); i++) {
      order.visit(i);
    }
    return order.order;
  }

  /** Depth first, without recursion: a chain may be as long as a request. */
  private void visit(int start) throws CycleException {
    Deque<Iterator<Integer>> left = new ArrayDeque<>();
    enter(start, left);
    while (!left.isEmpty()) {
      if (left.peek().hasNext()) {
        enter(left.peek().next(), left);
      } else {
        left.pop();
        int job = way.remove(way.size() - 1);
        marks[job] = Mark.DONE;
        order.add(job);
      }
    }
  }

  private void enter(int job, Deque<Iterator<Integer>> left) throws CycleException {
    if (marks[job] == Mark.ON_THE_WAY) {
      throw new CycleException(job, path(job));
    }
    if (marks[job] == Mark.NEW) {
      marks[job] = Mark.ON_THE_WAY;
      way.add(job);
      left.push(before(job).iterator());
    }
  }

  /** Those of its objects that came earlier, and all of those after which it comes. */
  private List<Integer> before(int job) {
    List<Integer> before = new ArrayList<>();
    for (ObjectRef object : objects(jobs.get(job))) {
      byObject.get(object).stream().filter(other -> other < job).forEach(before::add);
    }
    for (ObjectRef object : jobs.get(job).after()) {
      byObject.getOrDefault(object, List.of()).stream()
          .filter(other -> other != job)
          .forEach(before::add);
    }
    return before;
  }

  private String path(int job) {
    return way.subList(way.indexOf(job), way.size()).stream()
            .map(each -> objects(jobs.get(each)).get(0).toString())
            .collect(Collectors.joining(" after "))
        + " after "
        + objects(jobs.get(job)).get(0);
  }

  private static List<ObjectRef> objects(Submission job) {
    return job.objectIds().stream().map(id -> new ObjectRef(job.objectType(), id)).toList();
  }
}
