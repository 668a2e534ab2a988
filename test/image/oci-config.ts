// What does runc need to know to run one container of the task definition?
import { join } from "node:path";
import type { ContainerDefinition } from "@aws-sdk/client-ecs";

/** Docker's and Fargate's own init is put there from outside, too. */
const init = { from: "/usr/bin/tini-static", to: "/dev/init" };
/** Made by whoever runs containers, for the network that they have. */
const etcFiles = ["/etc/hosts", "/etc/resolv.conf"];

export function describeContainer(
  rootfs: string,
  volumes: string,
  definition: ContainerDefinition,
  environment: Readonly<Record<string, string>>,
) {
  const [uid, gid] = String(definition.user).split(":").map(Number);
  const isDropped = definition.linuxParameters?.capabilities?.drop?.includes("ALL");
  if (!isDropped || !definition.linuxParameters?.initProcessEnabled) throw new Error("not a hardened container");
  const capabilities = Object.fromEntries(
    ["bounding", "effective", "inheritable", "permitted", "ambient"].map((set) => [set, []]),
  );
  return {
    ociVersion: "1.0.2",
    process: {
      terminal: false,
      user: { uid, gid },
      args: [init.to, "--", ...(definition.command ?? [])],
      env: [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ...Object.entries({ LANG: "C.UTF-8", ...environment }).map(([name, value]) => `${name}=${value}`),
      ],
      cwd: definition.workingDirectory ?? "/",
      capabilities,
      rlimits: (definition.ulimits ?? []).map(({ name, softLimit, hardLimit }) => ({
        type: `RLIMIT_${name?.toUpperCase()}`,
        soft: softLimit,
        hard: hardLimit,
      })),
      // As on Fargate, which knows no setting for it.
      noNewPrivileges: false,
    },
    root: { path: rootfs, readonly: definition.readonlyRootFilesystem },
    hostname: definition.name,
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      tmpfs("/dev", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
      tmpfs("/dev/shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
      { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
      ...etcFiles.map((path) => bind(path, path, "ro")),
      bind(init.from, init.to, "ro"),
      ...(definition.mountPoints ?? []).map((mount) =>
        bind(join(volumes, String(mount.sourceVolume)), String(mount.containerPath), mount.readOnly ? "ro" : "rw"),
      ),
    ],
    linux: {
      // Not the network: the containers of a task share one, and here it is the machine's.
      namespaces: ["pid", "ipc", "uts", "mount"].map((type) => ({ type })),
      maskedPaths: ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/scsi", "/sys/firmware"],
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
  };
}

const tmpfs = (destination: string, options: string[]) => ({ destination, type: "tmpfs", source: "tmpfs", options });
const bind = (source: string, destination: string, mode: "ro" | "rw") => ({
  ...{ source, destination, type: "bind" },
  options: ["rbind", mode],
});
