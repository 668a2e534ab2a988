// How many jobs does BullMQ take through their whole life? Producer and worker in this process, told what to do by its parent.
import { createRequire } from "node:module";
import { keepBusy, type Load } from "./users.ts";

/** As much of BullMQ as is used here. */
interface BullMq {
  Queue: new (name: string, options: object) => { add(name: string, data: object): Promise<{ id?: string }> };
  Worker: new (
    name: string,
    process: () => Promise<string>,
    options: object,
  ) => { on(event: "completed", hear: (job: { id?: string }) => void): void; close(): Promise<void> };
}

const [resolveFrom = "", port = ""] = process.argv.slice(2);
const { Queue, Worker }: BullMq = createRequire(resolveFrom)("bullmq");
const connection = { host: "127.0.0.1", port: Number(port), maxRetriesPerRequest: null };
const queue = new Queue("tasks", { connection });
const request = { repository: "https://git.example/acme/shop", prompt: "Measured", command: ["true"] };

/** As many users as the worker takes jobs at once; each adds its next job when the one before is completed. */
async function measure({ users, ms }: Load) {
  const completions = new Map<string, PromiseWithResolvers<void>>();
  const completionOf = (id: string) => {
    const known = completions.get(id) ?? Promise.withResolvers<void>();
    completions.set(id, known);
    return known;
  };
  const worker = new Worker("tasks", async () => "done", { connection, concurrency: users });
  worker.on("completed", ({ id = "" }) => completionOf(id).resolve());
  const measured = await keepBusy({ users, ms }, async () => {
    const { id = "" } = await queue.add("task", request);
    await completionOf(id).promise;
    completions.delete(id);
  });
  await worker.close();
  return measured;
}

process.on("message", async (load: Load) => process.send?.(await measure(load)));
process.once("disconnect", () => process.exit(0));
process.send?.("up");
