// Which process executes the agent's commands? This one: it connects to the supervisor and does what it asks.
// It runs beside hostile code, holds no secret, and nobody trusts what it says. In the image it has a uid of its own, and
// the same program once more, as the agent, does the work (see runner/keeper.ts).
import { type Frames, openFrames } from "./frames.ts";
import { protocolVersion } from "./protocol.ts";
import { connectToSupervisor } from "./runner/connect.ts";
import { readSettings } from "./runner/environment.ts";
import { takeLines } from "./runner/hand.ts";
import { openKeeper } from "./runner/keeper.ts";
import { killOthers, refuseUnsafeConfinement } from "./runner/kill.ts";
import { startRelay } from "./runner/relay.ts";
import { openRuns } from "./runner/runs.ts";
import { serveRequests } from "./runner/serve.ts";

const settings = readSettings(process.env);
if (settings.confined) refuseUnsafeConfinement();

// The connections come first and the relay second: nothing of the agent's runs before all of them.
const { hand, asAgent, lineCount } = settings;
const sockets = hand ? takeLines(lineCount) : await connectToSupervisor(settings.socketFolder, lineCount);
const lines = sockets.map(openFrames);
const relayUp = hand ? hand.relayUp : settings.confined && (await startRelay(settings));

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
  const serve = asAgent
    ? await openKeeper(lines, { ...settings, asAgent, relayUp })
    : (line: Frames) => serveRequests(line, { ...settings, relayUp, runs });
  for (const line of lines) await line.sendJson({ kind: "hello", protocol: protocolVersion });
  // The supervisor that ends one of them has gone, or has no use for the others.
  await Promise.race(lines.map(serve));
  await leave(0);
} catch (error) {
  console.error(String(error));
  await leave(1);
}
