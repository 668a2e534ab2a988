// Which process executes the agent's commands? This one: it connects to the supervisor and does what it asks.
// It runs beside hostile code under the same uid, holds no secret, and nobody trusts what it says.
import { openFrames } from "./frames.ts";
import { protocolVersion } from "./protocol.ts";
import { connectToSupervisor } from "./runner/connect.ts";
import { readSettings } from "./runner/environment.ts";
import { killOthers, refuseUnsafeConfinement } from "./runner/kill.ts";
import { startRelay } from "./runner/relay.ts";
import { openRuns } from "./runner/runs.ts";
import { serveRequests } from "./runner/serve.ts";

const settings = readSettings(process.env);
if (settings.confined) refuseUnsafeConfinement();

// The connections come first and the relay second: nothing of the agent's runs before all of them.
const lines = (await connectToSupervisor(settings.socketFolder, settings.lineCount)).map(openFrames);
const relayUp = settings.confined && (await startRelay(settings.socketFolder));

let ending: Promise<never> | undefined;
/** Without its supervisor the runner has no purpose; in a container, the namespace ends with it. */
const leave = (exitCode: number) => {
  ending ??= killOthers(settings)
    .catch((error: unknown) => console.error(String(error)))
    .then(() => process.exit(exitCode));
  return ending;
};
// Node would open its debugger at this signal, on a loopback that hostile code shares.
process.on("SIGUSR1", () => undefined);
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => void leave(143));

try {
  const runs = openRuns(settings);
  for (const line of lines) await line.sendJson({ kind: "hello", protocol: protocolVersion });
  // The supervisor that ends one of them has gone, or has no use for the others.
  await Promise.race(lines.map((line) => serveRequests(line, { ...settings, relayUp, runs })));
  await leave(0);
} catch (error) {
  console.error(String(error));
  await leave(1);
}
