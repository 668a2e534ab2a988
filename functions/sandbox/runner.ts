// Which process executes the agent's commands? This one: it connects to the supervisor and does what it asks.
// It runs beside hostile code under the same uid, holds no secret, and nobody trusts what it says.
import { openFrames } from "./frames.ts";
import { protocolVersion } from "./protocol.ts";
import { connectToSupervisor } from "./runner/connect.ts";
import { readSettings } from "./runner/environment.ts";
import { killOthers, refuseUnsafeConfinement } from "./runner/kill.ts";
import { startRelay } from "./runner/relay.ts";
import { serveRequests } from "./runner/serve.ts";

const settings = readSettings(process.env);
if (settings.confined) refuseUnsafeConfinement();

// The connection comes first and the relay second: nothing of the agent's runs before both.
const frames = openFrames(await connectToSupervisor(settings.socketFolder));
const relayUp = settings.confined && (await startRelay(settings.socketFolder));

let ending: Promise<never> | undefined;
/** Without its supervisor the runner has no purpose; in a container, the namespace ends with it. */
const leave = (exitCode: number) => {
  ending ??= killOthers(settings)
    .catch((error: unknown) => console.error(String(error)))
    .then(() => process.exit(exitCode));
  return ending;
};
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => void leave(143));

try {
  await frames.sendJson({ kind: "hello", protocol: protocolVersion });
  await serveRequests(frames, { ...settings, relayUp });
  await leave(0);
} catch (error) {
  console.error(String(error));
  await leave(1);
}
