// Can an agent look into, hold up or end what is not its own?

import { type StdioOptions, spawn } from "node:child_process";
import { openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Field, Program } from "./field.ts";
import type { Vector } from "./vector.ts";
import { sharing, unfiltered } from "./weaken.ts";

const x64 = process.arch === "x64";
const call = (onX64: number, onArm64: number) => (x64 ? onX64 : onArm64);

const readAll = (file: string): Program => ({
  language: "node",
  source: `import { readdirSync, readFileSync } from "node:fs";
    for (const pid of readdirSync("/proc")) try { process.stdout.write(readFileSync("/proc/" + pid + "/${file}", "latin1")); } catch {}`,
});

/** Goes through the memory of one process, or of all but itself. */
const readMemory: Program = {
  language: "node",
  source: `import { openSync, readdirSync, readFileSync, readSync } from "node:fs";
    const pids = process.argv[2] ? [process.argv[2]] : readdirSync("/proc").filter((name) => /^\\d+$/.test(name) && name !== String(process.pid));
    for (const pid of pids) try {
      const memory = openSync("/proc/" + pid + "/mem");
      for (const line of readFileSync("/proc/" + pid + "/maps", "utf8").split("\\n")) {
        const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
        if (!from) continue;
        const bytes = Buffer.alloc(Math.min(Number("0x" + to) - Number("0x" + from), 1 << 24));
        try { readSync(memory, bytes, 0, bytes.length, Number("0x" + from)); } catch { continue; }
        const at = bytes.indexOf("secret-");
        if (at >= 0) process.stdout.write(bytes.toString("latin1", at, at + 40));
      }
    } catch {}`,
};

/** A process of the sandbox itself that anybody may trace, and one that tries. */
const inside = (attack: string): Program => ({
  language: "perl",
  source: `$| = 1; pipe R, W; my $other = fork;
    if (!$other) { syscall(${call(157, 167)}, 0x59616d61, -1, 0, 0, 0); $kept = "kept by the other"; syswrite W, "x"; sleep while 1 }
    sysread R, my $x, 1; ${attack} kill "KILL", $other;`,
});

/** It is told the number, which it could as well try out; without a sandbox it must hit nobody else. */
const kills = (pid: number): Program => ({
  language: "node",
  source: `try { process.kill(${pid}, "SIGKILL"); } catch (error) { console.log(error.code); }`,
});

async function survives(field: Field, attack: (pid: number) => Promise<unknown>): Promise<boolean> {
  const victim = await field.victim();
  await attack(victim.pid);
  // Its end is told a moment later.
  await victim.settle();
  return victim.isAlive();
}

const secretOf = (field: Field, printed: string) => printed.includes(field.secret);

/** Node hands on a descriptor that is not marked; this is what it does without our care. */
async function runWithDescriptor(field: Field, program: string): Promise<string> {
  const path = join(field.scratch(), "of-the-machine");
  writeFileSync(path, field.secret);
  const child = spawn(process.execPath, ["-e", program], { stdio: handingOn(path) });
  return child.stdout ? text(child.stdout) : "";
}

/** Far from what Node opens for itself. */
const descriptor = 40;
const readDescriptor = `try { process.stdout.write(require("fs").readFileSync(${descriptor})) } catch (error) { console.log(error.code) }`;
const handingOn = (path: string): StdioOptions => [
  ...(["ignore", "pipe", "inherit"] as const),
  ...Array<"ignore">(descriptor - 3).fill("ignore"),
  openSync(path, "r"),
];

export const processVectors: Vector[] = [
  {
    attack: "read the environment of every process (/proc/*/environ)",
    heldBy: "a pid namespace and a /proc of its own",
    needs: ["perl"],
    async run(field) {
      await field.victim();
      return secretOf(field, await field.confined(readAll("environ")));
    },
    async control(field) {
      await field.victim();
      return secretOf(field, await field.open(readAll("environ")));
    },
  },
  {
    attack: "read the memory of every process (/proc/*/mem)",
    heldBy: "a pid namespace and a /proc of its own",
    needs: ["perl"],
    async run(field) {
      await field.victim();
      return secretOf(field, await field.confined(readMemory));
    },
    async control(field) {
      const { pid } = await field.victim();
      return secretOf(field, await field.open({ ...readMemory, args: [String(pid)] }));
    },
  },
  {
    attack: "see what runs on the machine, and with which arguments",
    heldBy: "a pid namespace",
    needs: ["perl"],
    async run(field) {
      await field.victim();
      return (await field.confined(readAll("cmdline"))).includes("0x59616d61");
    },
    control: async (field) => {
      await field.victim();
      // The namespace is shared, and /proc is mounted anew in it.
      return (await field.confined(readAll("cmdline"), { weaken: sharing("pid") })).includes("0x59616d61");
    },
  },
  {
    attack: "trace another process (ptrace)",
    heldBy: "the call filter",
    needs: ["perl"],
    run: async (field) => (await field.confined(trace)).includes("traced"),
    control: async (field) => (await field.confined(trace, { weaken: unfiltered })).includes("traced"),
  },
  {
    attack: "read another process's memory (process_vm_readv)",
    heldBy: "the call filter",
    needs: ["perl"],
    run: async (field) => (await field.confined(readVm)).includes("kept by the other"),
    control: async (field) => (await field.confined(readVm, { weaken: unfiltered })).includes("kept by the other"),
  },
  {
    attack: "take an open file from another process, such as the runner's line to the supervisor (pidfd_getfd)",
    heldBy: "the call filter",
    needs: ["perl"],
    run: async (field) => (await field.confined(takeDescriptor)).includes("taken"),
    control: async (field) => (await field.confined(takeDescriptor, { weaken: unfiltered })).includes("taken"),
  },
  {
    attack: "kill processes of the machine that have the same uid",
    heldBy: "a pid namespace",
    needs: ["perl"],
    run: async (field) => !(await survives(field, (pid) => field.confined(kills(pid)))),
    control: async (field) => !(await survives(field, (pid) => field.open(kills(pid)))),
  },
  {
    attack: "read a file of the machine that drover was started with and left open",
    heldBy: "descriptors covered by /dev/null",
    async run(field) {
      const path = join(field.scratch(), "of-the-machine");
      writeFileSync(path, field.secret);
      // Neither marked close-on-exec nor known to whoever starts the container.
      const order = JSON.stringify({ image: field.image, root: field.nextFolder().root, uid: field.uid });
      const fixture = join(import.meta.dirname, "fixtures/start-one.ts");
      const child = spawn(process.execPath, [fixture, order, readDescriptor], { stdio: handingOn(path) });
      return secretOf(field, child.stdout ? await text(child.stdout) : "");
    },
    control: async (field) => secretOf(field, await runWithDescriptor(field, readDescriptor)),
  },
];

const trace = inside(`my $r = syscall(${call(101, 117)}, 16, $other, 0, 0); print $r == 0 ? "traced" : "refused $!";`);

const readVm = inside(`
  open my $m, "<", "/proc/$other/maps"; my ($from, $to);
  while (<$m>) { ($from, $to) = (hex $1, hex $2) if /^([0-9a-f]+)-([0-9a-f]+) rw.*\\[heap\\]/ }
  my $n = $to - $from; my $buffer = "\\0" x $n;
  my $local = pack("PQ", $buffer, $n); my $remote = pack("QQ", $from, $n);
  my $r = syscall(${call(310, 270)}, $other, $local, 1, $remote, 1, 0);
  print $buffer =~ /kept by the other/ ? "kept by the other" : "refused $!";`);

const takeDescriptor = inside(`
  my $pidfd = syscall(434, $other, 0); my $r = syscall(438, $pidfd, 1, 0);
  print $r >= 0 ? "taken" : "refused $!";`);
