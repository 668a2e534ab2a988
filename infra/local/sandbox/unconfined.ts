// How do containers run as plain processes: the trusted ones always, a confined one only where the user said so?
import { chown, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { codePath } from "../../sandbox-containers.ts";
import type { ContainerSpec, TaskFolder } from "../containers.ts";
import { prepareDisk, prepareFolder } from "./disk.ts";
import { openLog } from "./log.ts";
import { markerOf, markerVariable } from "./members.ts";
import { containerGid } from "./ordinary-user.ts";
import { type PlainCommand, type Started, startPlain } from "./plain.ts";

const systemPath = "/usr/local/bin:/usr/bin:/bin";

/**
 * Our own code: as the user who runs drover, with its sockets beside it. What the first one has compiled is kept beside
 * the image for the next, which starts in half the time; only this user can write there.
 */
export async function startTrusted(
  spec: ContainerSpec,
  folder: TaskFolder,
  { image, diesWithParent }: { image: string; diesWithParent: boolean },
): Promise<Started> {
  await prepareFolder(folder);
  const environment = {
    PATH: `${dirname(process.execPath)}:${systemPath}`,
    NODE_COMPILE_CACHE: `${image}.compiled`,
    ...spec.environment,
    DROVER_SOCKETS: "sockets",
    [markerVariable]: markerOf(folder, spec.name),
  };
  const command = locate(spec.command, join(image, "opt"), process.execPath);
  return startLogged(spec, folder, { command, environment, workingDirectory: folder.root, diesWithParent });
}

/**
 * An agent without a wall: it reads what this user can read and has the network. As root it gets a uid of its own all
 * the same, which keeps it from our files; whoever carries that uid is ended with it.
 */
export async function startUnconfined(
  spec: ContainerSpec,
  folder: TaskFolder,
  { image, uid, diesWithParent }: { image: string; uid: number | undefined; diesWithParent: boolean },
): Promise<Started> {
  const { workspace } = await prepareDisk(folder, spec.name, { uid });
  const [home, temporary] = [`${workspace}.home`, `${workspace}.tmp`];
  for (const path of [home, temporary]) {
    await mkdir(path, { recursive: true, mode: 0o700 });
    if (uid !== undefined) await chown(path, uid, containerGid);
  }
  const code = join(image, "opt");
  const environment = {
    LANG: "C.UTF-8",
    ...spec.environment,
    PATH: `${code}/bin:${systemPath}`,
    HOME: home,
    TMPDIR: temporary,
    // Relative: a socket's path has 107 bytes at most, and this one starts in its workspace.
    DROVER_SOCKETS: `../sockets/${spec.name}`,
    DROVER_WORKSPACE: workspace,
    [markerVariable]: markerOf(folder, spec.name),
  };
  const command = locate(spec.command, code, join(code, "bin/node"));
  const plain = { command, environment, workingDirectory: workspace, uid, diesWithParent };
  return startLogged(spec, folder, plain);
}

async function startLogged(spec: ContainerSpec, folder: TaskFolder, plain: Omit<PlainCommand, "output">) {
  const log = openLog(folder, spec);
  try {
    return await startPlain({ ...plain, output: log.descriptor });
  } finally {
    log.close();
  }
}

/** Commands name drover's code as in the image on AWS, and its runtime as `node`. Here both lie elsewhere. */
function locate(command: readonly string[], code: string, node: string): string[] {
  const [program, ...rest] = command.map((part) =>
    part.startsWith(`${codePath}/`) ? code + part.slice(codePath.length) : part,
  );
  return program === undefined ? [] : [program === "node" ? node : program, ...rest];
}
