// What is the verdict on the change itself, before anything of it runs?
import { ownGates, phaseOf } from "../../../core/gates.ts";
import { boundVerdict, type Verdict } from "../../../core/verdicts.ts";
import { listTree } from "../../../git/list-tree.ts";
import { type Repository, readBlob } from "../../../git/objects.ts";
import type { GatePlan } from "../plan.ts";
import { readChanges } from "./changes.ts";
import { covers, findTampering, type Repair } from "./find-tampering.ts";
import { listGateFiles } from "./gate-files.ts";

export interface TamperingOrder {
  repository: Repository;
  base: string;
  commit: string;
  plan: GatePlan;
  allowConfigChanges: readonly string[];
}

/** `allowed`: something was changed that people have allowed to change. */
export async function judgeTampering(
  order: TamperingOrder,
): Promise<{ verdict: Verdict; repairs: Map<string, Repair>; allowed: boolean }> {
  const { repository, base, commit, plan, allowConfigChanges } = order;
  const startedAt = performance.now();
  const entries = await listTree(repository, base);
  const basePaths = new Set(entries.map(({ path }) => path));
  const manifest = entries.find(({ path, mode }) => path === "package.json" && mode !== "160000");
  const changes = await readChanges(repository, base, commit);
  const { findings, repairs } = findTampering({
    changes,
    basePaths,
    baseManifest: manifest ? (await readBlob(repository, manifest.oid)).toString() : "",
    guarded: [...plan.config.protected, ...listGateFiles(plan, basePaths)],
    allowed: allowConfigChanges,
  });
  // Blocked ones first: what does not fit into a verdict is cut from the end.
  findings.sort((one, other) => one.level.localeCompare(other.level));
  const blocked = findings.filter(({ level }) => level === "blocked").length;
  const [gate] = ownGates;
  const verdict = boundVerdict({
    gate,
    phase: phaseOf(gate),
    outcome: blocked > 0 ? "failed" : "passed",
    expected: "that the change leaves the gates and the tests as strict as they were",
    actual: `${blocked} changes that weaken them, ${findings.length - blocked} that people should look at`,
    details: blocked > 0 ? remedy : "",
    durationMs: performance.now() - startedAt,
    findings,
  });
  return { verdict, repairs, allowed: changes.some(({ path }) => covers(allowConfigChanges, path)) };
}

const remedy =
  "Undo these changes and make the work pass the gates as they are. If the task cannot be done without one of them, say so: " +
  "people can allow it for this task by its path.";
