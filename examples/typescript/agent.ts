// An agent in TypeScript that needs nothing but Node.js 20: copy it, and replace work().
//
// WFD_KEY is a key of role AGENT, WFD_URL the server, WFD_NAME what the agent is called.
import { setTimeout as sleep } from "node:timers/promises";

const url = (process.env.WFD_URL ?? "http://127.0.0.1:8000") + "/graphql";
const key = process.env.WFD_KEY ?? "";
const name = process.env.WFD_NAME ?? "TypeScript Example";
const tryAgain = ["INTERNAL", "CONFLICT", "RATE_LIMITED", "QUERY_TOO_COMPLEX"];

type Task = { id: string; key: string | null; name: string; input: unknown; dependsOn: { key: string | null; result: unknown }[] };
type Lease = { leaseToken: string; attempt: number; task: Task };
type Report = (progress: number, message: string) => void;

/** Does a task. What it returns becomes the result; an error fails the attempt. */
async function work(task: Task, report: Report, lost: AbortSignal): Promise<unknown> {
  const words = task.name.split(" ");
  for (const [done, word] of words.entries()) {
    report(Math.floor((100 * done) / words.length), "looking at " + word);
    await sleep(50, undefined, { signal: lost }); // ends when somebody else may have the task
  }
  return { words: words.length, input: task.input };
}

/** The server understood and will not do it. */
class Refused extends Error {
  constructor(readonly code: string, message: string) {
    super(code + ": " + message);
  }
}

/** Sends a mutation until it is answered. All of them may be sent twice: they bear a lease token or an idempotencyKey. */
async function call<T>(query: string, input: object): Promise<T> {
  const body = JSON.stringify({ query, variables: { input } });
  const headers = { "Content-Type": "application/json", Authorization: "Bearer " + key };
  for (let pause = 100; ; pause = Math.min(2 * pause, 5000)) {
    let wait = 0;
    try {
      const response = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(40_000) });
      wait = 1000 * Number(response.headers.get("Retry-After") ?? 0);
      const answer = (await response.json()) as { data?: Record<string, T>; errors?: { message: string; extensions: { code: string } }[] };
      const error = answer.errors?.[0];
      if (error && !tryAgain.includes(error.extensions.code)) throw new Refused(error.extensions.code, error.message);
      if (!error && answer.data) return Object.values(answer.data)[0] as T;
    } catch (error) {
      if (error instanceof Refused) throw error;
      // No server, or half an answer: nobody knows whether it was carried out.
    }
    await sleep(Math.max(pause, wait));
  }
}

type Held = { said: { progress?: number; message?: string }; lost: AbortController };

const held = new Map<string, Held>(); // by lease token
let stopping = false;
process.on("SIGTERM", () => (stopping = true));

/** Says that it is alive, extends what it holds, and hears what it has lost. Gives the milliseconds until the next time. */
async function beat(agentId: string): Promise<number> {
  const leases = [...held].map(([leaseToken, { said }]) => ({ leaseToken, ...said }));
  const news = await call<{ nextHeartbeatSeconds: number; leases: { lost: boolean }[] }>(
    "mutation ($input: HeartbeatInput!) { heartbeat(input: $input) { nextHeartbeatSeconds leases { lost } } }",
    { agentId, leases, draining: stopping },
  );
  news.leases.forEach((lease, i) => lease.lost && held.get(leases[i]!.leaseToken)?.lost.abort());
  return 1000 * news.nextHeartbeatSeconds;
}

/** Waits up to ten seconds for one task. A claim that is sent twice, with one key, takes one task. */
async function claim(agentId: string): Promise<Lease[]> {
  const begun = Date.now();
  const leases = await call<Lease[]>(
    `mutation ($input: ClaimTasksInput!) {
      claimTasks(input: $input) { leaseToken attempt task { id key name input dependsOn { key result } } }
    }`,
    { agentId, waitSeconds: 10, leaseSeconds: 30, idempotencyKey: crypto.randomUUID() },
  );
  if (leases.length === 0 && Date.now() - begun < 5000) await sleep(1000); // a server that is about to stop does not wait
  return leases;
}

async function attempt({ leaseToken, task }: Lease) {
  const { said, lost }: Held = { said: {}, lost: new AbortController() };
  held.set(leaseToken, { said, lost });
  try {
    const result = await work(task, (progress, message) => Object.assign(said, { progress, message }), lost.signal);
    await call("mutation ($input: CompleteTaskInput!) { completeTask(input: $input) { task { id } } }", { leaseToken, result });
    console.log("completed", task.id);
  } catch (error) {
    if (lost.signal.aborted || error instanceof Refused) throw error; // STALE_LEASE: not ours any more, and nothing was written
    const why = { code: "FAILED", message: String(error) };
    await call("mutation ($input: FailTaskInput!) { failTask(input: $input) { task { id } } }", { leaseToken, error: why });
  } finally {
    held.delete(leaseToken);
  }
}

const { agent } = await call<{ agent: { id: string } }>(
  "mutation ($input: RegisterAgentInput!) { registerAgent(input: $input) { agent { id } } }",
  { name, heartbeatIntervalSeconds: 5 },
);
let next = await beat(agent.id); // which also says that it takes work again
void (async () => {
  for (;;) {
    await sleep(next, undefined, { ref: false });
    next = await beat(agent.id);
  }
})();
while (!stopping) {
  for (const lease of await claim(agent.id)) await attempt(lease).catch((error) => console.error(lease.task.id, error.message));
}
process.exit();

