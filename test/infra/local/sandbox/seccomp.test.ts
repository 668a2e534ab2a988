// Which calls does the filter let through? Answered by running its program as the kernel would.
import { describe, expect, it } from "vitest";
import { type Architecture, buildSeccompProgram } from "../../../../infra/local/sandbox/seccomp.ts";

const audit = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;
const verdicts = new Map([
  [0x7fff0000, "allowed"],
  [0x80000000, "killed"],
  [0x00050001, "EPERM"],
  [0x00050026, "ENOSYS"],
  [0x00050061, "EAFNOSUPPORT"],
]);

/** Classic BPF, as far as the filter uses it. Running off the end of the program is an error, as for the kernel. */
function judge(program: Buffer, architecture: number, call: number, args: number[] = []): string | undefined {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call, 0);
  data.writeUInt32LE(architecture, 4);
  args.forEach((value, index) => void data.writeBigUInt64LE(BigInt(value), 16 + index * 8));
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const code = program.readUInt16LE(at * 8);
    const operand = program.readUInt32LE(at * 8 + 4);
    const jump = (isTrue: boolean) => {
      at += program.readUInt8(at * 8 + (isTrue ? 2 : 3));
    };
    if (code === 0x20) accumulator = data.readUInt32LE(operand);
    else if (code === 0x06) return verdicts.get(operand);
    else if (code === 0x15) jump(accumulator === operand);
    else if (code === 0x35) jump(accumulator >= operand);
    else if (code === 0x45) jump((accumulator & operand) !== 0);
    else throw new Error(`no such operation: ${code}`);
  }
}

const cloneNewUser = 0x10000000;
const cloneThread = 0x003d0f00;

describe.each<[Architecture, Record<string, number>]>([
  ["x64", { read: 0, execve: 59, clone: 56, unshare: 272, ptrace: 101, mount: 165, ioctl: 16, socket: 41, bpf: 321 }],
  [
    "arm64",
    { read: 63, execve: 221, clone: 220, unshare: 97, ptrace: 117, mount: 40, ioctl: 29, socket: 198, bpf: 280 },
  ],
])("the call filter on %s", (architecture, numbers) => {
  const program = buildSeccompProgram(architecture, { inCgroup: true });
  const ask = (call: string, ...args: number[]) => judge(program, audit[architecture], numbers[call] ?? -1, args);

  it.each([
    ["read", [], "allowed"],
    ["execve", [], "allowed"],
    ["ptrace", [], "EPERM"],
    ["mount", [], "EPERM"],
    ["bpf", [], "EPERM"],
    ["clone", [cloneThread], "allowed"],
    ["clone", [cloneNewUser | 17], "EPERM"],
    ["unshare", [cloneNewUser], "EPERM"],
    ["unshare", [0x40000000], "EPERM"],
    ["unshare", [0x400], "allowed"],
    ["ioctl", [0, 0x5401], "allowed"],
    ["ioctl", [0, 0x5412], "EPERM"],
    ["ioctl", [0, 0x541c], "EPERM"],
    ["socket", [1], "allowed"],
    ["socket", [2], "allowed"],
    ["socket", [10], "allowed"],
    ["socket", [16], "allowed"],
    ["socket", [17], "EAFNOSUPPORT"],
    ["socket", [40], "EAFNOSUPPORT"],
  ] as const)("answers %s%j with %s", (call, args, verdict) => {
    expect(ask(call, ...args)).toBe(verdict);
  });

  it("sends libc from clone3, whose flags it cannot read, back to clone", () => {
    expect(judge(program, audit[architecture], 435)).toBe("ENOSYS");
  });

  it("kills what calls by the numbers of another architecture", () => {
    expect(judge(program, 0x40000003, 1)).toBe("killed");
    const other = architecture === "x64" ? "arm64" : "x64";
    expect(judge(program, audit[other], numbers.read ?? -1)).toBe("killed");
  });

  it("is short enough for the kernel and for its own jumps", () => {
    expect(program.length % 8).toBe(0);
    expect(program.length / 8).toBeLessThan(256);
  });
});

describe("the call filter on x64", () => {
  it("kills the x32 calls, which have numbers of their own for the same things", () => {
    expect(judge(buildSeccompProgram("x64", { inCgroup: false }), audit.x64, 0x40000000 + 101)).toBe("killed");
  });
});
