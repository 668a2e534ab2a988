// How fast are the parts that prove something, and the clone that every attempt begins with?
import type { Bench, BenchOptions, Measured } from "./bench.ts";
import { measureAudit } from "./proofs/audit.ts";
import { measureClones } from "./proofs/clones.ts";
import { measureScan } from "./proofs/scan.ts";
import { measureSchedules } from "./proofs/schedules.ts";

async function measure({ quick }: BenchOptions): Promise<Measured> {
  const rounds = quick ? 1 : 5;
  const sizes = quick
    ? { schedules: 1_000, "audit events": 2_000, "MB to scan": 1 }
    : { schedules: 4_000, "audit events": 100_000, "MB to scan": 10 };
  const fileCounts = quick ? [100, 1_000] : [100, 5_000, 30_000];
  const rows = [
    ...(await measureSchedules(sizes.schedules, Math.min(rounds, 3))),
    ...(await measureAudit(sizes["audit events"], rounds)),
    ...(await measureScan(sizes["MB to scan"], Math.min(rounds, 3))),
    ...(await measureClones(fileCounts, Math.min(rounds, 3))),
  ];
  return { rounds, sizes, rows, remarks: [] };
}

export const bench: Bench = {
  name: "proofs",
  title: "Proofs and clones",
  compares:
    "The verification of an export of the audit log beside its hashing and parsing alone; the secret scan beside the library whose rules it runs and adds to; the clone by drover beside that by git, from the same server.",
  method:
    "The simulation runs in as many processes as there are cores. The export is verified line by line, as `drover verify` does; what is scanned are files of packages, each as new. Both clones are shallow and bare, over smart HTTP on loopback; git's also starts a process. The simulation, the scan and the clones take three rounds.",
  doesNotShow:
    "a network between server and clone; repositories whose files are large; secrets, of which what is scanned here has few.",
  measure,
};
