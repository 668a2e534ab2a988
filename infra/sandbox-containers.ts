// Which containers is a sandbox, wherever it runs? Names, commands and sockets, the same on Fargate and on one machine.
import { maxGatesAtOnce } from "../functions/core/gates.ts";

export const sandboxFamily = "drover-sandbox";

/** Where drover's own code lies in a container. `node` is the runtime that comes with it. */
export const codePath = "/opt/drover";

/**
 * The same runtime, in a file that can be run and not read. The kernel lets no process of the same user into the memory
 * of one that runs such a file: so, where a command has the runner's uid, it still cannot become the runner.
 */
export const sealedNode = `${codePath}/libexec/node`;

/** The volumes of the sockets: the supervisor sees all of them in here, every other container its own. */
export const socketsPath = "/run/drover";

/** Made by functions/sandbox/image/bundle.mjs. */
export const programsPath = `${codePath}/sandbox`;

const runner = ["node", `${programsPath}/runner.js`];

/** A supervisor that has not come by then will not come. */
const looks = 600;

/**
 * Most tasks need no gates: until the supervisor wants them, a shell holds the place of the runner. It reads from a pipe
 * that the supervisor holds open, so that it ends with it, also where nobody is left to end it.
 */
const whenWanted = `left=${looks}
until [ -p "$DROVER_SOCKETS/wanted" ]; do left=$((left-1)); [ $left -gt 0 ] || exit 1; sleep 0.2; done
read -r wanted <"$DROVER_SOCKETS/wanted" || exit 0
exec "$@"`;

export const supervisor = {
  name: "supervisor",
  essential: true,
  command: ["node", `${programsPath}/supervisor.js`],
} as const;

/** What runs in them can stop its own runner, so the task does not end with them. */
export const untrusted = [
  { name: "workspace", essential: false, command: runner, environment: {} },
  {
    name: "gates",
    essential: false,
    command: ["/bin/sh", "-c", whenWanted, "gates", ...runner],
    environment: { DROVER_LINES: String(maxGatesAtOnce) },
  },
] as const;
