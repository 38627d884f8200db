// pg-boss: batches of jobs, whose calls share the limit. It keeps no order.
import PgBoss from "pg-boss";
import pg from "pg";
import { call, calls, connectionString, serve } from "./peer.mjs";

const FETCHERS = 4;
const QUEUE = "deliver";

const boss = new PgBoss({ connectionString, max: calls, supervise: true });
boss.on("error", (fault) => console.error(fault));
await boss.start();
await boss.createQueue(QUEUE, { name: QUEUE, retryLimit: 10, retryDelay: 0 });
const pool = new pg.Pool({ connectionString, max: 1 });

let free = calls;
const waiting = [];

/** Makes a call when one of the calls at once is free. */
const limited = async (work) => {
  if (free > 0) {
    free--;
  } else {
    await new Promise((go) => waiting.push(go));
  }
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) {
      next();
    } else {
      free++;
    }
  }
};

const deliver = async (jobs) => {
  const failed = [];
  await Promise.all(
    jobs.map(({ id, data, retryCount }) =>
      limited(() => call(data, retryCount + 1)).catch(() => failed.push(id)),
    ),
  );
  if (failed.length > 0) {
    await boss.fail(QUEUE, failed); // the rest of the batch is completed when this returns
  }
};

await serve({
  work: async () => {
    for (let i = 0; i < FETCHERS; i++) {
      await boss.work(
        QUEUE,
        { batchSize: 500, pollingIntervalSeconds: 0.5, includeMetadata: true },
        deliver,
      );
    }
  },
  accept: (jobs) =>
    boss.insert(
      jobs.map((data) => ({ name: QUEUE, data, retryLimit: 10, retryDelay: 0 })),
    ),
  pending: async () => {
    const { rows } = await pool.query(
      "SELECT count(*) FROM pgboss.job WHERE name = $1 AND state < 'completed'",
      [QUEUE],
    );
    return rows[0].count;
  },
});
