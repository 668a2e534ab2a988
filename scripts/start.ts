// `npm start`: the whole system on this machine, until Ctrl-C. Data in .drover/, API on 127.0.0.1:8787.
import { parseArgs } from "node:util";
import { SetUpError } from "../infra/local/data-dir.ts";
import { takePrecedence } from "../infra/local/precedence.ts";
import { type LocalStack, startLocal } from "../stacks/local.ts";
import { dashboardDir, ensureDashboard } from "./build-dashboard.ts";

const usage = `npm start -- [options]
  --port N              port of the API on 127.0.0.1 (8787)
  --data PATH           data directory (.drover)
  --allow-unconfined    where agents cannot be confined, run them without isolation and mark their tasks`;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "8787" },
        data: { type: "string", default: ".drover" },
        "allow-unconfined": { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`--port ${values.port} is not a port.`);
    return { ...values, port };
  } catch (error) {
    throw new SetUpError(`${(error as Error).message}\n${usage}`);
  }
}

function readModelKey() {
  const { ANTHROPIC_API_KEY: token, ANTHROPIC_BASE_URL: baseUrl } = process.env;
  return token ? { modelKey: { token, ...(baseUrl ? { baseUrl } : {}) } } : {};
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help) return console.log(usage);
  const say = (line: string) => console.log(`drover: ${line}`);
  // Tasks do not need it: whatever keeps it from being built is said, and the API is up all the same.
  await ensureDashboard(say).catch((error: Error) => say(`the dashboard could not be built: ${error.message}`));
  // Before anything is begun: a signal that comes now finds somebody.
  const { promise: starting, resolve, reject } = Promise.withResolvers<LocalStack>();
  stopOnSignal(starting);
  takePrecedence();
  startLocal({
    dataDir: options.data,
    port: options.port,
    allowUnconfined: options["allow-unconfined"],
    dashboardDir,
    ...readModelKey(),
    say,
  }).then(resolve, reject);
  const stack = await starting;
  console.log(`drover is up: ${stack.url} (API reference: ${stack.url}/docs)
  dashboard: open ${stack.url} in a browser, and sign in with the key
  API key: ${stack.apiKey} (also in ${options.data}/api-key)
  agents:  ${stack.isolation.kind === "confined" ? "each confined by bubblewrap" : stack.isolation.kind}

Submit a task for a repository of yours, from another terminal here:
  npx drover run --repository /path/to/repository -- npx --yes prettier --write .

Ctrl-C stops it; a running attempt is then stopped too, and tried again at the next start.`);
}

/** From the first moment on: a stack that is still starting is closed as soon as it is up. */
function stopOnSignal(starting: Promise<LocalStack>): void {
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      console.log("drover: stopping");
      starting
        .then((stack) => stack.closeAndKill())
        .then(
          () => process.exit(0),
          (error: unknown) => {
            console.error(error);
            process.exit(1);
          },
        );
    });
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof SetUpError ? `drover: ${error.message}` : error);
  process.exit(1);
});
