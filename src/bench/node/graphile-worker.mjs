// graphile-worker: a key is a serial queue. With the argument "local" it fetches many jobs at once,
// which its documentation names for speed, and which may run two jobs of a queue at the same time.
// Failed jobs wait e^attempt seconds, which it fixes.
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";
import { call, calls, connectionString, serve } from "./peer.mjs";

const pool = new pg.Pool({ connectionString, max: calls + 4 });
const logger = new Logger(() => () => {});
const utils = await makeWorkerUtils({ pgPool: pool, logger });
await utils.migrate();

const batches = { completeJobBatchDelay: 0, failJobBatchDelay: 0 };
const worker = process.argv[2] === "local" ? { localQueue: { size: 200 }, ...batches } : batches;

await serve({
  work: () =>
    run({
      pgPool: pool,
      logger,
      noHandleSignals: true,
      concurrency: calls,
      preset: { worker },
      taskList: { deliver: (job, { job: { attempts } }) => call(job, attempts) },
    }),
  accept: (jobs) =>
    utils.addJobs(
      jobs.map((job) => ({ identifier: "deliver", payload: job, queueName: job.key })),
    ),
  pending: async () => {
    const { rows } = await pool.query("SELECT count(*) FROM graphile_worker._private_jobs");
    return rows[0].count;
  },
});
