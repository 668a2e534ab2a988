// Which system calls may a confined container make? As a BPF program for `bwrap --seccomp`, made without a compiler.

export type Architecture = "x64" | "arm64";

/** One BPF instruction: operation, how far to jump when true and when false, operand. */
type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, operand: number];

const audit = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;
const allow = 0x7fff0000;
const killProcess = 0x80000000;
const notPermitted = 0x00050001;
const notImplemented = 0x00050026;
const familyNotSupported = 0x00050061;

// Offsets in struct seccomp_data. Arguments are 64 bits wide; both architectures are little-endian, so this is the low half.
const callNumber = 0;
const callArchitecture = 4;
const argument0 = 16;
const argument1 = 24;
const highHalf = 4;

/** Calls that no agent needs and that have opened kernels before; numbers from the kernel's tables, x64 then arm64. */
const refused: Record<string, readonly [x64: number, arm64: number | undefined]> = {
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  kcmp: [312, 272],
  pidfd_getfd: [438, 438],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  setns: [308, 268],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  open_by_handle_at: [304, 265],
  name_to_handle_at: [303, 264],
  fanotify_init: [300, 262],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  modify_ldt: [154, undefined],
  ioperm: [173, undefined],
  iopl: [172, undefined],
  personality: [135, 92],
  acct: [163, 89],
  quotactl: [179, 60],
  syslog: [103, 116],
  swapon: [167, 224],
  swapoff: [168, 225],
  reboot: [169, 142],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
};

const clone = { x64: 56, arm64: 220 } as const;
const clone3 = { x64: 435, arm64: 435 } as const;
const unshare = { x64: 272, arm64: 97 } as const;
const ioctl = { x64: 16, arm64: 29 } as const;
const socket = { x64: 41, arm64: 198 } as const;

/** CLONE_NEW*: mount, cgroup, uts, ipc, user, pid and network namespaces. */
const namespaceFlags = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000;
/** TIOCSTI and TIOCLINUX type into the terminal of whoever started us. */
const terminalInjection = [0x5412, 0x541c];
/** UNIX, INET, INET6, and NETLINK because libc lists the network interfaces with it. */
const socketFamilies = [1, 2, 10, 16];

/** Memory that belongs to no process, so that nobody who looks at processes sees it. Programs know how to do without. */
const uncounted = { memfd_create: [319, 279], memfd_secret: [447, 447] } as const;
const shmget = { x64: 29, arm64: 194 } as const;
/** Some databases want a few bytes of it, to know each other by. */
const largestSegmentBytes = 65_536;
const schedSetaffinity = { x64: 203, arm64: 122 } as const;

export interface FilterOptions {
  /** A cgroup keeps memory and CPU. Without one, neither may be had where drover cannot see it. */
  inCgroup: boolean;
}

/** Everything is allowed but what stands here: the namespaces are the wall, this only takes tools away. */
export function buildSeccompProgram(architecture: Architecture, { inCgroup }: FilterOptions): Buffer {
  const column = architecture === "x64" ? 0 : 1;
  const numbers = Object.values(refused).flatMap((pair) => pair[column] ?? []);
  return encode([
    load(callArchitecture),
    ...unlessEqual(audit[architecture], [answer(killProcess)]),
    load(callNumber),
    // The x32 calls have numbers of their own on the same architecture, which would slip past this list.
    ...(architecture === "x64" ? ifAtLeast(0x40000000, [answer(killProcess)]) : []),
    ...numbers.flatMap((number) => ifEqual(number, [answer(notPermitted)])),
    // The flags of clone3 lie in memory, out of a filter's reach. ENOSYS makes libc fall back to clone.
    ...ifEqual(clone3[architecture], [answer(notImplemented)]),
    ...ifEqual(clone[architecture], refuseNamespaces()),
    ...ifEqual(unshare[architecture], refuseNamespaces()),
    ...(inCgroup ? [] : refuseUncounted(architecture)),
    ...ifEqual(ioctl[architecture], [
      load(argument1),
      ...terminalInjection.flatMap((request) => ifEqual(request, [answer(notPermitted)])),
      answer(allow),
    ]),
    ...ifEqual(socket[architecture], [
      load(argument0),
      ...socketFamilies.flatMap((family) => ifEqual(family, [answer(allow)])),
      answer(familyNotSupported),
    ]),
    answer(allow),
  ]);
}

function refuseUncounted(architecture: Architecture): Instruction[] {
  const column = architecture === "x64" ? 0 : 1;
  return [
    ...Object.values(uncounted).flatMap((pair) => ifEqual(pair[column], [answer(notImplemented)])),
    ...ifEqual(schedSetaffinity[architecture], [answer(notPermitted)]),
    ...ifEqual(shmget[architecture], [
      load(argument1 + highHalf),
      ...ifAtLeast(1, [answer(notPermitted)]),
      load(argument1),
      ...ifAtLeast(largestSegmentBytes + 1, [answer(notPermitted)]),
      answer(allow),
    ]),
  ];
}

function refuseNamespaces(): Instruction[] {
  return [load(argument0), ...ifAnyBit(namespaceFlags, [answer(notPermitted)]), answer(allow)];
}

function load(offset: number): Instruction {
  return [0x20, 0, 0, offset];
}

function answer(verdict: number): Instruction {
  return [0x06, 0, 0, verdict];
}

function ifEqual(value: number, then: Instruction[]): Instruction[] {
  return [[0x15, 0, then.length, value], ...then];
}

function unlessEqual(value: number, then: Instruction[]): Instruction[] {
  return [[0x15, then.length, 0, value], ...then];
}

function ifAtLeast(value: number, then: Instruction[]): Instruction[] {
  return [[0x35, 0, then.length, value], ...then];
}

function ifAnyBit(bits: number, then: Instruction[]): Instruction[] {
  return [[0x45, 0, then.length, bits], ...then];
}

function encode(program: Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, jumpTrue, jumpFalse, operand], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jumpTrue, index * 8 + 2);
    bytes.writeUInt8(jumpFalse, index * 8 + 3);
    bytes.writeUInt32LE(operand >>> 0, index * 8 + 4);
  });
  return bytes;
}
