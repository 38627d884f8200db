// What the peers for Node share: their orders, a line each on standard input, and the calls.
import { createInterface } from "node:readline";
import { Pool } from "undici";

const sink = new URL(process.env.BENCH_SINK);
const database = new URL(process.env.BENCH_DATABASE.replace("jdbc:", ""));
database.username = process.env.BENCH_USER;
database.password = process.env.BENCH_PASSWORD;

export const calls = Number(process.env.BENCH_CALLS);
export const connectionString = database.href;

const http = new Pool(sink.origin, { connections: calls, pipelining: 1 });

/** The job with a number, the keys being dealt round. */
const job = (number, keys) => ({
  number,
  key: `k${number % keys}`,
  place: Math.floor(number / keys) + 1,
});

/** Makes one call; throws if the sink refuses it. */
export const call = async ({ number, key, place }, attempt, path = sink.pathname) => {
  const id = `${key}-${place}`;
  const { statusCode, body } = await http.request({
    path,
    method: "POST",
    headers: {
      "content-type": "application/json",
      "idempotency-key": id,
      "egression-partition": key,
      "egression-place": String(place),
      "egression-attempt": String(attempt),
    },
    body: JSON.stringify({
      job: `01a210f1-4ac1-7c78-a178-${String(number).padStart(12, "0")}`,
      attempt,
      subscription: "acme",
      source: "bench",
      channel: "shop",
      action: "update",
      objectType: "product",
      objects: [{ id: `P${number}` }],
    }),
  });
  await body.dump();
  if (statusCode >= 300) {
    throw new Error(`status ${statusCode}`);
  }
};

/** Obeys until standard input ends; an answer begins with "=". */
export const serve = async ({ work, accept, pending }) => {
  console.log("=ready");
  for await (const line of createInterface({ input: process.stdin })) {
    const [order, keys, from, to] = line.split(" ");
    if (order === "work") {
      await work();
      console.log("=ok");
    } else if (order === "accept") {
      const jobs = [];
      for (let number = Number(from); number < Number(to); number++) {
        jobs.push(job(number, Number(keys)));
      }
      await accept(jobs);
      console.log("=ok");
    } else if (order === "pending") {
      console.log(`=${await pending()}`);
    } else {
      throw new Error(`no order ${order}`);
    }
  }
  process.exit(0);
};
