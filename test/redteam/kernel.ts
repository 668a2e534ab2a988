// Can an agent gain rights from the kernel, or reach parts of it that have been opened before?
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Weaken } from "../../infra/local/sandbox/confined.ts";
import { findProgram } from "../../infra/local/sandbox/find-program.ts";
import { type Edit, edit } from "../simulation/mutants/edit.ts";
import type { Field, Program } from "./field.ts";
import { withoutSafeguard } from "./unguarded.ts";
import type { Vector } from "./vector.ts";
import { allCapable, both, unfiltered, without } from "./weaken.ts";

const column = process.arch === "x64" ? 0 : 1;

/** The kernel's own tables, x64 then arm64; written down apart from the filter's, so that a wrong number shows. */
const numbers = {
  unshare: [272, 97],
  clone: [56, 220],
  clone3: [435, 435],
  setns: [308, 268],
  mount: [165, 40],
  fsopen: [430, 430],
  open_tree: [428, 428],
  pivot_root: [155, 41],
  chroot: [161, 51],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  io_uring_setup: [425, 425],
  userfaultfd: [323, 282],
  add_key: [248, 217],
  keyctl: [250, 219],
  name_to_handle_at: [303, 264],
  personality: [135, 92],
  clock_settime: [227, 112],
  socket: [41, 198],
  memfd_secret: [447, 447],
} as const;

type Call = keyof typeof numbers;

/** Says "done" when the kernel did what it was asked; `made` lets the call's answer be judged further. */
function asks(call: Call, args: string, { before = "", made = "$r >= 0" } = {}): Program {
  const source = `${before}; my $r = syscall(${numbers[call][column]}, ${args}); my $e = $! + 0; print +(${made}) ? "done" : "refused $e";`;
  return { language: "perl", source };
}

const isDone = (printed: string) => printed.trim().endsWith("done");

/** What the filter alone keeps from everybody. */
function filtered(attack: string, program: Program): Vector {
  return {
    attack,
    heldBy: "the call filter",
    needs: ["perl"],
    run: async (field) => isDone(await field.confined(program)),
    control: async (field) => isDone(await field.confined(program, { weaken: unfiltered })),
  };
}

/** What takes rights, which an agent has not and cannot get; on a scratch target where it has them all. */
function privileged(attack: string, program: Program): Vector {
  return {
    attack,
    heldBy: "no capability, and none to gain",
    needs: ["perl"],
    // Without the filter, so that it is not what holds.
    run: async (field) =>
      isDone(await field.confined(program)) || isDone(await field.confined(program, { weaken: unfiltered })),
    control: async (field) => isDone(await field.confined(program, { weaken: both(unfiltered, allCapable) })),
  };
}

const user = "0x10000000";
const buffer = `my $zero = "\\0" x 512`;
const strings = (...pairs: [string, string][]) => pairs.map(([name, value]) => `my $${name} = "${value}\\0"`).join(";");

/** As root of the machine, for what no other user may do anywhere. */
const asRoot = (program: Program) => execFileSync(program.language, ["-e", program.source], { encoding: "utf8" });

export const kernelVectors: Vector[] = [
  {
    attack: "become root of a user namespace of its own (unshare)",
    heldBy: "the call filter and --disable-userns",
    needs: ["perl"],
    run: async (field) => isDone(await field.confined(asks("unshare", user))),
    control: async (field) =>
      isDone(await field.confined(asks("unshare", user), { weaken: both(unfiltered, without("--disable-userns")) })),
  },
  {
    attack: "become root of a user namespace of its own (clone)",
    heldBy: "the call filter and --disable-userns",
    needs: ["perl"],
    run: async (field) => isDone(await field.confined(cloneUser)),
    control: async (field) =>
      isDone(await field.confined(cloneUser, { weaken: both(unfiltered, without("--disable-userns")) })),
  },
  {
    attack: "become root of a user namespace of its own (clone3, whose flags no filter can read)",
    heldBy: "the call filter and --disable-userns",
    needs: ["perl"],
    run: async (field) => isDone(await field.confined(clone3User)),
    control: async (field) =>
      isDone(await field.confined(clone3User, { weaken: both(unfiltered, without("--disable-userns")) })),
  },
  {
    attack: "get past the filter by a user namespace alone: without it --disable-userns still holds",
    heldBy: "--disable-userns",
    needs: ["perl"],
    run: async (field) => isDone(await field.confined(asks("unshare", user), { weaken: unfiltered })),
    control: async (field) =>
      isDone(await field.confined(asks("unshare", user), { weaken: both(unfiltered, without("--disable-userns")) })),
  },
  privileged(
    "mount a file system",
    asks("mount", `$source, $target, $type, 0, 0`, {
      before: strings(["source", "none"], ["target", "/tmp"], ["type", "tmpfs"]),
    }),
  ),
  privileged(
    "open a file system by the new mount calls (fsopen)",
    asks("fsopen", "$type, 0", { before: strings(["type", "tmpfs"]) }),
  ),
  privileged(
    "copy a mount out of the tree (open_tree)",
    asks("open_tree", "-100, $path, 1", { before: strings(["path", "/proc"]) }),
  ),
  privileged("change its root directory (chroot)", asks("chroot", "$path", { before: strings(["path", "/tmp"]) })),
  privileged(
    "exchange its root for another (pivot_root)",
    asks("pivot_root", "$root, $old", {
      before: `mkdir "/tmp/root-$$"; system("mount", "-t", "tmpfs", "none", "/tmp/root-$$"); mkdir "/tmp/root-$$/old"; ${`my $root = "/tmp/root-$$\\0"; my $old = "/tmp/root-$$/old\\0"`}`,
    }),
  ),
  privileged(
    "enter another namespace (setns)",
    asks("setns", "fileno(F), 0", { before: `open F, "<", "/proc/self/ns/uts" or print "no file $!"` }),
  ),
  {
    attack: "give the machine another name",
    heldBy: "no capability, and none to gain",
    needs: ["perl"],
    run: async (field) => isDone(await field.confined(rename)),
    control: async (field) => isDone(await field.confined(rename, { weaken: both(unfiltered, allCapable) })),
  },
  filtered("queue calls past the filter (io_uring)", asks("io_uring_setup", "4, $zero", { before: buffer })),
  filtered("hold the kernel at a page fault (userfaultfd)", asks("userfaultfd", "1")),
  filtered(
    "put a key into a keyring that others of its uid share (add_key)",
    asks("add_key", "$type, $name, $value, 1, -3", {
      before: strings(["type", "user"], ["name", "drover"], ["value", "x"]),
    }),
  ),
  filtered("make a keyring (keyctl)", asks("keyctl", "0, -3, 1")),
  filtered(
    "name a file by a handle that leads past its directory (name_to_handle_at)",
    asks("name_to_handle_at", "-100, $path, $handle, $mount, 0", {
      before: `${strings(["path", "/tmp"])}; my $handle = pack("Li", 128, 0) . "\\0" x 128; my $mount = "\\0" x 8`,
    }),
  ),
  filtered("switch address randomisation off for what it starts (personality)", asks("personality", "0x0040000")),
  filtered("keep memory that nobody can look into (memfd_secret)", asks("memfd_secret", "0")),
  filtered("speak to the hypervisor (AF_VSOCK)", asks("socket", "40, 1, 0")),
  filtered(
    "reach the call that sets the clock",
    // The monotonic clock cannot be set by anybody: EINVAL says that the kernel has looked.
    asks("clock_settime", "1, $time", { before: `my $time = pack("qq", 1, 1)`, made: "$e == 22" }),
  ),
  {
    attack: "load a program into the kernel (bpf)",
    heldBy: "the call filter and no capability",
    needs: ["perl", "root"],
    run: async (field) =>
      isDone(await field.confined(bpf)) || isDone(await field.confined(bpf, { weaken: unfiltered })),
    control: async () => isDone(asRoot(bpf)),
  },
  {
    attack: "watch the machine's counters (perf_event_open)",
    heldBy: "the call filter and no capability",
    needs: ["perl", "root"],
    run: async (field) =>
      isDone(await field.confined(perf)) || isDone(await field.confined(perf, { weaken: unfiltered })),
    control: async () => isDone(asRoot(perf)),
  },
  {
    attack: "call by the numbers of another architecture (x32)",
    heldBy: "the call filter",
    needs: ["perl", "x64"],
    // getpid; the filter ends the process, else the kernel just does not know the call.
    run: async (field) => (await field.confined(x32)).includes("survived"),
    control: async (field) => (await field.confined(x32, { weaken: unfiltered })).includes("survived"),
  },
  {
    attack: "type into the terminal of whoever started it (TIOCSTI)",
    heldBy: "the call filter",
    needs: ["perl", "script"],
    run: async (field) => (await field.confined(typeIn)).includes("typed"),
    control: async (field) => (await field.confined(typeIn, { weaken: unfiltered })).includes("typed"),
  },
  {
    attack: "open the controlling terminal of whoever started it (/dev/tty)",
    heldBy: "a session of its own",
    needs: ["script"],
    run: (field) => opensTerminal(field, [], false),
    control: (field) => opensTerminal(field, [edit(confinedFile, "detached: true", "detached: false")], true),
  },
  {
    attack: "become root by a set-uid program of root's in its workspace",
    heldBy: "no_new_privs, nosuid on everything it sees, and a namespace in which root is nobody",
    needs: ["root"],
    run: async (field) => (await field.confined(whoAmI, { prepare: plantSetUid })).trim() === "0",
    async control(field) {
      const directory = field.scratch();
      // Planted after the directory was given to the attacker, or it would be theirs.
      const program: Program = { language: "sh", source: "until [ -u id ]; do sleep 0.05; done; ./id -u" };
      const running = field.open(program, { directory });
      plantSetUid(directory);
      return (await running).trim() === "0";
    },
  },
  {
    attack: "make a device of its own (mknod)",
    heldBy: "no capability, and none to gain",
    needs: ["root"],
    run: async (field) => isDone(await field.confined(makeDevice)),
    control: async (field) => {
      const directory = field.scratch();
      return isDone(execFileSync("/bin/sh", ["-c", makeDevice.source], { cwd: directory, encoding: "utf8" }));
    },
  },
  {
    attack: "open a device that lies in its workspace",
    heldBy: "nodev on everything it sees",
    needs: ["root"],
    run: async (field) => isDone(await field.confined(openDevice, { prepare: plantDevice })),
    async control(field) {
      const directory = field.scratch();
      plantDevice(directory);
      return isDone(await field.open(openDevice, { directory }));
    },
  },
  {
    attack: "open the machine's devices (kernel log, disks, memory, and one that is open to all)",
    heldBy: "a /dev of its own",
    needs: ["root"],
    run: async (field) => isDone(await field.confined(openDevices(plantForAll(field)))),
    async control(field) {
      const planted = plantForAll(field);
      return isDone(await field.confined(openDevices(planted), { weaken: withDevice(`/dev/${planted}`) }));
    },
  },
];

const rename = {
  language: "perl",
  source: `my $name = "drover-was-here"; my $r = syscall(${column === 0 ? 170 : 161}, $name, length $name); print $r == 0 ? "done" : "refused $!"`,
} satisfies Program;
const cloneUser = asks("clone", "0x10000011, 0, 0, 0, 0", { made: "$r > 0 || ($r == 0 && exit 0)" });
const clone3User = asks("clone3", "$args, length $args", {
  before: `my $args = pack("Q8", ${user}, 0, 0, 0, 17, 0, 0, 0)`,
  made: "$r > 0 || ($r == 0 && exit 0)",
});
const bpf = asks("bpf", "0, $attr, 72", { before: `my $attr = pack("L4", 2, 4, 4, 1) . "\\0" x 64` });
const perf = asks("perf_event_open", "$attr, 0, -1, -1, 0", {
  before: `my $attr = pack("LLQ", 1, 112, 0) . "\\0" x 96`,
});
const x32: Program = { language: "perl", source: `$| = 1; syscall(0x40000000 + 39); print "survived"` };
const typeIn: Program = {
  language: "sh",
  source: `script -qec 'perl inner.pl' /dev/null </dev/null`,
  files: { "inner.pl": `my $c = "x"; print ioctl(STDIN, 0x5412, $c) || $! != 1 ? "typed" : "refused $!"` },
};
const openTerminal = `try { require("node:fs").openSync("/dev/tty", "r+"); console.log("done"); } catch (error) { console.log("refused", error.code); }`;
const confinedFile = "infra/local/sandbox/confined.ts";
const fixture = join(import.meta.dirname, "fixtures/start-one.ts");

/** A sandbox that is started from a terminal. */
async function opensTerminal(field: Field, without: readonly Edit[], inItsSession: boolean): Promise<boolean> {
  const module = without.length > 0 ? join(withoutSafeguard(field, without).root, confinedFile) : undefined;
  const { image, uid } = field;
  const order = JSON.stringify({ image, uid, root: field.nextFolder().root, module, inItsSession });
  const quoted = [process.execPath, fixture, order, openTerminal].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  const child = spawn("script", ["-qec", quoted.join(" "), "/dev/null"], { stdio: ["ignore", "pipe", "inherit"] });
  const printed = await text(child.stdout);
  if (!/done|refused/.test(printed)) throw new Error(`the sandbox said ${JSON.stringify(printed)}`);
  return printed.includes("done");
}
const whoAmI: Program = { language: "sh", source: "./id -u" };
const makeDevice: Program = {
  language: "sh",
  source: "mknod null c 1 3 2>/dev/null && echo x > null && echo done || echo refused",
};
const openDevice: Program = { language: "sh", source: "(exec 9<null) 2>/dev/null && echo done || echo refused" };
const openDevices = (planted: string): Program => ({
  language: "sh",
  source: `for d in kmsg mem kvm vda sda nvme0n1 fuse loop0 loop-control net/tun vsock ${planted}; do (exec 9</dev/$d) 2>/dev/null && echo $d && echo done && exit; done; echo refused`,
});
/** With one device of the machine beside the few that a sandbox gets. */
const withDevice =
  (path: string): Weaken =>
  (given) => {
    const end = given.indexOf("--remount-ro");
    return [...given.slice(0, end), "--dev-bind", path, path, ...given.slice(end)];
  };

function plantSetUid(directory: string): void {
  const place = join(directory, "id");
  copyFileSync(findProgram("id") ?? "", place);
  chmodSync(place, 0o4755);
}

/** As a driver of the machine may make one. Answers its name. */
function plantForAll(field: Field): string {
  const name = `drover-redteam-${randomBytes(6).toString("hex")}`;
  execFileSync("mknod", ["-m", "666", `/dev/${name}`, "c", "1", "3"]);
  field.undo(() => rmSync(`/dev/${name}`));
  return name;
}

function plantDevice(directory: string): void {
  execFileSync("mknod", ["-m", "666", join(directory, "null"), "c", "1", "3"]);
}
