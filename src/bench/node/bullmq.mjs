// BullMQ with its limiter: a queue for each limit, so many jobs in a period, which Redis counts. Every queue gets every job.
// The argument is the port of Redis. It can say one limit for a queue, and saves nothing up: "window" is the limit that
// keeps within both of its limits for longest.
import { Queue, Worker } from "bullmq";
import { call, calls, serve } from "./peer.mjs";

const connection = { host: "127.0.0.1", port: Number(process.argv[2]) };
const limits = {
  rate: { max: 50, duration: 1000 },
  burst: { max: 40, duration: 20000 },
  window: { max: 10, duration: 3000 },
};

const queues = Object.keys(limits).map((name) => new Queue(name, { connection }));
const workers = Object.entries(limits).map(
  ([name, limiter]) =>
    new Worker(name, ({ data, attemptsMade }) => call(data, attemptsMade + 1, `/limit/${name}`), {
      connection,
      limiter,
      concurrency: calls,
      autorun: false,
    }),
);
workers.forEach((worker) => worker.on("error", (fault) => console.error(fault)));

await serve({
  work: async () => {
    workers.forEach((worker) => worker.run());
  },
  accept: (jobs) =>
    Promise.all(
      queues.map((queue) =>
        queue.addBulk(jobs.map((data) => ({ name: "deliver", data, opts: { removeOnComplete: true } }))),
      ),
    ),
  pending: async () => {
    const counts = await Promise.all(
      queues.map((queue) => queue.getJobCountByTypes("wait", "active", "delayed", "prioritized")),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  },
});
