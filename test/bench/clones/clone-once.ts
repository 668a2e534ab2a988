// How long does a clone take in a process that has cloned nothing before, as a supervisor's does? Prints the milliseconds.
import { cloneRepository } from "../../../functions/git/clone.ts";

const [url = "", dir = ""] = process.argv.slice(2);
const startedAt = performance.now();
await cloneRepository({ dir, url, branch: "main" });
console.log(performance.now() - startedAt);
