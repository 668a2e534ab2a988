// What does a confined container see of this machine? The arguments of bubblewrap.
import { existsSync, lstatSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { codePath, socketsPath } from "../../sandbox-containers.ts";
import { hostEtcDirectories } from "./etc.ts";
import { tmpfsBytes } from "./limits.ts";

export interface Confinement {
  /** Holds `etc` and `opt`; see image.ts. Without it (the probe) /etc and /opt are empty. */
  image?: string;
  /** The only disk that can be written. Without it (the probe) /workspace is as empty as the rest. */
  workspace?: string;
  sockets?: string;
  environment: Readonly<Record<string, string>>;
}

/** File descriptors that whoever starts the container hands over. */
export const descriptors = { seccomp: 3, status: 4, ready: 5, args: 6, cgroup: 7 } as const;

const insideIds = { uid: 1000, gid: 1000 } as const;

const home = "/home/agent";

/**
 * Order matters: bubblewrap mounts one after the other. Nothing is ever mounted below /workspace: before 0.12.0 a
 * symbolic link that the agent left there would make bubblewrap write outside of it (CVE-2026-87766).
 */
export function buildArguments(confinement: Confinement): string[] {
  const { image, workspace, sockets } = confinement;
  return [
    "--unshare-all --unshare-user --disable-userns --die-with-parent --new-session --clearenv --cap-drop ALL".split(
      " ",
    ),
    ["--uid", String(insideIds.uid), "--gid", String(insideIds.gid), "--hostname", "drover"],
    ["--seccomp", String(descriptors.seccomp), "--json-status-fd", String(descriptors.status)],
    mountSystem(),
    ["--proc", "/proc", "--dev", "/dev", ...mountQueues()],
    mountTmpfs("/dev/shm", tmpfsBytes.shm),
    mountTmpfs("/tmp", tmpfsBytes.tmp),
    mountTmpfs(home, tmpfsBytes.home),
    image ? mountImage(image) : [],
    sockets ? ["--ro-bind", sockets, socketsPath] : [],
    workspace ? ["--bind", workspace, "/workspace"] : ["--dir", "/workspace"],
    // The rest of the tree is a tmpfs without a size: closed, so that it can neither be changed nor filled.
    ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/workspace"],
    Object.entries(buildEnvironment(confinement.environment)).flatMap(([name, value]) => ["--setenv", name, value]),
  ].flat();
}

function buildEnvironment(environment: Confinement["environment"]): Record<string, string> {
  return {
    LANG: "C.UTF-8",
    ...environment,
    PATH: `${codePath}/bin:/usr/local/bin:/usr/bin:/bin`,
    HOME: home,
    TMPDIR: "/tmp",
    DROVER_SOCKETS: socketsPath,
    DROVER_WORKSPACE: "/workspace",
    // For the runner: every other process it sees in here is the agent's, and may be killed as such.
    DROVER_CONFINED: "1",
  };
}

/** The host's programs and libraries, read-only. /bin and the like are links into /usr on most systems, not on all. */
function mountSystem(): string[] {
  const besideUsr = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
  return ["--ro-bind", "/usr", "/usr", ...besideUsr.flatMap(mountAsOnHost)];
}

function mountAsOnHost(path: string): string[] {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isSymbolicLink()) return ["--symlink", readlinkSync(path), path];
  return found?.isDirectory() ? ["--ro-bind", path, path] : [];
}

/** So that the runner can see and remove them. A kernel that has no such file system has no queues either. */
function mountQueues(): string[] {
  return /\bmqueue$/m.test(readFileSync("/proc/filesystems", "utf8")) ? ["--mqueue", "/dev/mqueue"] : [];
}

function mountTmpfs(path: string, bytes: number): string[] {
  return ["--size", String(bytes), "--tmpfs", path];
}

function mountImage(image: string): string[] {
  const fromHost = hostEtcDirectories.filter((path) => existsSync(path) && existsSync(join(image, path)));
  return [
    ...["--ro-bind", join(image, "etc"), "/etc", "--ro-bind", join(image, "opt"), codePath],
    ...fromHost.flatMap((path) => ["--ro-bind", path, path]),
  ];
}
