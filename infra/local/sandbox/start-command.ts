// What runs between our spawn and a container's program? A disk of its own, a cgroup, a lesser user, bubblewrap.
import type { ContainerLimits } from "../containers.ts";
import { descriptors } from "./bubblewrap.ts";
import { mountCommand } from "./disk-image.ts";
import { limitCommand } from "./limits.ts";
import { containerGid } from "./ordinary-user.ts";

export interface StartOptions {
  /** Whom root's rights are dropped for. */
  uid: number | undefined;
  diesWithParent: boolean;
  /** How much of what the container prints is passed on. */
  logBytes: number;
  limits?: ContainerLimits | undefined;
  /** An image, mounted on the directory for this container alone. */
  disk?: { image: string; directory: string } | undefined;
  /** A list for taskset. */
  cpus?: string | undefined;
  /** The descriptor of `descriptors.cgroup` is open. */
  hasCgroup?: boolean;
}

/** Before drover itself, when the machine is out of memory. */
const oomScore = 800;
/** The machine stays in reach, whatever a container computes. */
const niceness = 5;

/**
 * bubblewrap under a shell which passes on at most `logBytes` of what the container prints. The shell also carries
 * --die-with-parent: it survives the end of drover, so that the container can be found again, yet when bubblewrap's
 * program ends, or the shell is killed, the namespace goes with it. With `diesWithParent` the shell itself goes with us.
 * The arguments of `buildArguments` come over a descriptor: `ps` would show the environment to everyone on the machine.
 */
export function buildCommand(bubblewrap: string, command: readonly string[], options: StartOptions): string[] {
  const { seccomp, status, ready, args } = descriptors;
  const close = `${seccomp}>&- ${status}>&- ${ready}>&- ${args}>&-`;
  const outer = `"$@" 2>&1 | { head -c ${options.logBytes}; exec cat >/dev/null; } ${close}`;
  const inner = `echo 1 >&${ready}; exec ${close}; exec "$@"`;
  return [
    ...prepare(options),
    ...dropRights(options),
    ...["nice", "-n", String(niceness), ...(options.cpus ? ["taskset", "-c", options.cpus] : [])],
    ...["/bin/sh", "-c", outer, "drover-container", bubblewrap, "--args", String(args)],
    ...["--", "/bin/sh", "-c", inner, "sh", ...limitCommand(options.limits), ...command],
  ];
}

/** What takes the rights that are dropped next. */
function prepare({ disk, hasCgroup }: StartOptions): string[] {
  const steps = [
    "set -e",
    `echo ${oomScore} >/proc/self/oom_score_adj`,
    // 0 is whoever writes it.
    ...(hasCgroup ? [`echo 0 >&${descriptors.cgroup}; exec ${descriptors.cgroup}>&-`] : []),
    ...(disk ? [mountCommand] : []),
    'shift 2; exec "$@"',
  ];
  const namespace = disk ? ["unshare", "--mount", "--propagation", "private", "--"] : [];
  const names = [disk?.image ?? "-", disk?.directory ?? "-"];
  return [...namespace, "/bin/sh", "-c", steps.join("\n"), "drover-prepare", ...names];
}

/** The death signal is lost with every change of user, so it comes with the last one. */
function dropRights({ uid, diesWithParent }: StartOptions): string[] {
  if (uid === undefined && !diesWithParent) return [];
  return [
    "setpriv",
    ...(uid === undefined ? [] : ["--reuid", String(uid), "--regid", String(containerGid), "--clear-groups"]),
    ...(diesWithParent ? ["--pdeathsig", "KILL"] : []),
    "--",
  ];
}
