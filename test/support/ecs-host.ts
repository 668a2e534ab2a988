// What dies when the endpoint is killed? A process of its own that runs one, to be ended by kill -9 in the midst.
import { startEcs } from "../../infra/local/ecs/endpoint.ts";
import { createProcessRuntime } from "./ecs-process-runtime.ts";
import { definitions } from "./ecs-tasks.ts";

const [stateDir = "", neverStarts = ""] = process.argv.slice(2);

const { url } = await startEcs({
  stateDir,
  cluster: "drover",
  taskDefinitions: definitions,
  runtime: createProcessRuntime({
    beforeStart: (spec) => (spec.name === neverStarts ? new Promise(() => undefined) : undefined),
  }),
  // Never acknowledges, so every event is still owed when this process dies.
  onStateChange: () => new Promise(() => undefined),
});
process.stdout.write(`${url}\n`);
