import { createHash, generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type AuditAct, type AuditEvent, hashEvent } from "../../functions/core/audit.ts";
import {
  type Digest,
  digestFileName,
  firstTaskIdAt,
  isDigestDue,
  lagMs,
  makeDigest,
  nextPart,
  signHash,
  stateOfTask,
} from "../../functions/core/digest.ts";
import type { TaskEvent } from "../../functions/core/events.ts";
import type { Task } from "../../functions/core/task.ts";
import { applyEvent } from "../../functions/core/transitions.ts";
import { createVerifier, type ExportLine, formatLine, type Verdict } from "../../functions/core/verify-audit.ts";
import { type Extent, type Finding, readDigests } from "../../functions/core/verify-digests.ts";
import { makeTask } from "../support/make-task.ts";

const dayMs = 24 * 60 * 60 * 1000;
const start = Math.floor(1_800_000_000_000 / dayMs) * dayMs;
const digestDays = 6;
/** What the last digest vouches for: nothing of the worlds below is younger, unless a test says so. */
const sealedMs = digestDays * dayMs - lagMs;
const workspaces = ["a", "b"];
const pair = generateKeyPairSync("ed25519");
const privateKey = pair.privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");
const publicKey = pair.publicKey.export({ format: "der", type: "spki" }).toString("base64");

type Random = () => number;
function seeded(seed: number): Random {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
const below = (random: Random, n: number) => Math.floor(random() * n);
function pick<T>(random: Random, from: readonly T[]): T {
  const one = from[below(random, from.length)];
  if (one === undefined) throw new Error("nothing to pick from");
  return one;
}

type Entry = AuditEvent | AuditAct;
const chainOf = (entry: Entry) => ("taskId" in entry ? entry.taskId : entry.chain);
const seal = <T extends Entry>(entry: Omit<T, "hash"> & { hash?: string }): T => {
  const { hash: _, ...rest } = entry;
  return { ...rest, hash: hashEvent(rest as unknown as Omit<AuditEvent, "hash">) } as unknown as T;
};

interface World {
  /** What stands in the table, chain by chain. */
  entries: Entry[];
  digests: Digest[];
}

/** Tasks that go the real way through the real transitions, with snapshots for the digests of the days in between. */
function makeWorld(seed: number, { tasks = 22, until = sealedMs } = {}): World {
  const random = seeded(seed);
  const histories = Array.from({ length: tasks }, () => makeHistory(random, until));
  const acts = ["global", ...workspaces.map((workspace) => `workspace:${workspace}`)].map((chain) =>
    makeActs(random, chain, until),
  );
  const digests: Digest[] = [];
  for (let day = 1; day <= digestDays; day += 1) {
    const at = start + day * dayMs + below(random, 600_000);
    const before = digests.at(-1);
    const parts = ["global", ...workspaces.map((workspace) => `workspace:${workspace}`)].map((scope) => {
      const known = before?.parts.find((part) => part.scope === scope);
      const act = acts.flat().findLast((one) => one.chain === scope && one.at <= at);
      const wanted = new Set(known?.open.map(([chain]) => chain));
      const found = histories.flatMap(({ snapshots }) => {
        const task = snapshots.findLast(({ updatedAt }) => updatedAt <= at);
        const isMine = task && `workspace:${task.workspace}` === scope;
        const isNew = task && (!before || task.taskId >= firstTaskIdAt(before.coveredUntil));
        return task && isMine && (isNew || wanted.has(task.taskId)) ? [stateOfTask(task, at)] : [];
      });
      return nextPart(known, scope, [
        ...(act ? [{ chain: scope, version: act.version, hash: act.hash }] : []),
        ...found,
      ]);
    });
    const unsigned = makeDigest(before, parts, at, publicKey);
    digests.push({ ...unsigned, signature: signHash(privateKey, unsigned.hash) });
  }
  return { entries: [...acts.flat(), ...histories.flatMap(({ events }) => events)], digests };
}

const steps: TaskEvent[] = [
  { type: "claimed", slots: [], leaseMs: 1 },
  { type: "started", leaseMs: 1, limitMs: 60_000 },
  { type: "work_done", commit: "c".repeat(40), files: 1, additions: 2, deletions: 3 },
  { type: "permit_granted", permitId: "prm_1", branch: "drover/x" },
  { type: "completed", result: { kind: "pushed", branch: "drover/x", commit: "c".repeat(40) } },
];

function makeHistory(random: Random, until: number): { events: AuditEvent[]; snapshots: Task[] } {
  const createdAt = start + below(random, until);
  const suffix = Array.from({ length: 16 }, () => pick(random, [..."0123456789ABCDEFGHJKMNPQRSTVWXYZ"])).join("");
  const taskId = `tsk_${firstTaskIdAt(createdAt).slice(4, 14)}${suffix}` as const;
  const made = { at: createdAt, by: "key_1", data: { repository: "https://example.org/r" } };
  const first = seal<AuditEvent>({
    ...made,
    eventId: "evt_1",
    taskId,
    version: 1,
    type: "created",
    to: "queued",
    previousHash: "",
  });
  const events = [first];
  const base = { taskId, workspace: pick(random, workspaces), version: 1, attempt: 0, attemptsUsed: 0 };
  let task = makeTask({ ...base, status: "queued", createdAt, updatedAt: createdAt, lastEventHash: first.hash });
  const snapshots = [task];
  const killAfter = below(random, 7);
  for (const [index, step] of steps.entries()) {
    const at = task.updatedAt + 1 + below(random, dayMs * (random() < 0.2 ? 2 : 0.02));
    const killed: TaskEvent = { type: "killed", reason: "enough", by: "key_1", cause: "kill" };
    const event = index === killAfter ? killed : step;
    const applied = applyEvent(task, event, at);
    if (applied.kind === "refused" || at > start + until) break;
    const rest = { from: task.status, to: applied.task.status, data: applied.data, previousHash: task.lastEventHash };
    events.push(
      seal<AuditEvent>({
        eventId: `evt_${index + 2}`,
        taskId,
        version: applied.task.version,
        type: event.type,
        at,
        by: "system:test",
        ...rest,
      }),
    );
    task = { ...applied.task, lastEventHash: events.at(-1)?.hash ?? "" };
    snapshots.push(task);
    if (event.type !== "killed" || at + 60_000 > start + until) continue;
    const confirmed = applyEvent(
      task,
      { type: "cleanup", attempt: task.attempt, sandbox: "stopped", slots: "released" },
      at + 60_000,
    );
    if (confirmed.kind === "refused") break; // Never claimed, so there was nothing to stop.
    const last = { from: task.status, to: task.status, data: confirmed.data, previousHash: task.lastEventHash };
    events.push(
      seal<AuditEvent>({
        eventId: "evt_9",
        taskId,
        version: confirmed.task.version,
        type: "cleanup",
        at: at + 60_000,
        by: "system:test",
        ...last,
      }),
    );
    snapshots.push({ ...confirmed.task, lastEventHash: events.at(-1)?.hash ?? "" });
    break;
  }
  return { events, snapshots };
}

function makeActs(random: Random, chain: string, until: number): AuditAct[] {
  const acts: AuditAct[] = [];
  for (let at = start + below(random, dayMs); at < start + until; at += 1 + below(random, dayMs)) {
    const version = acts.length + 1;
    const data = { reason: `because ${version}`, generation: version };
    acts.push(
      seal<AuditAct>({
        eventId: `evt_${version}`,
        chain,
        version,
        type: "switch_stop",
        at,
        by: "key_1",
        data,
        previousHash: acts.at(-1)?.hash ?? "",
      }),
    );
  }
  return acts;
}

/** As the API sends it, with counts and checksum that fit: they protect a transfer, and whoever edits can write them. */
function exportOf(entries: readonly Entry[], extent: Extent = {}): string[] {
  const header: ExportLine = { kind: "export", format: 1, at: start, ...extent };
  const lines = [
    formatLine(header),
    ...entries.map((entry) =>
      formatLine("taskId" in entry ? { kind: "event", event: entry } : { kind: "act", act: entry }),
    ),
  ];
  const sha256 = createHash("sha256").update(lines.join("")).digest("hex");
  const chains = new Set(entries.map(chainOf)).size;
  return [...lines, formatLine({ kind: "end", chains, entries: entries.length, sha256 })].map((line) => line.trimEnd());
}

const textsOf = (digests: readonly Digest[]) => digests.map((digest) => JSON.stringify(digest));

function verify(
  lines: readonly string[],
  texts: string[],
  { keys = [publicKey], ...extent }: Extent & { keys?: string[] } = {},
): Verdict {
  const { findings, expected } = readDigests(texts, keys, extent);
  const verifier = createVerifier(expected, extent);
  for (const line of lines) verifier.readLine(line);
  const verdict = verifier.end();
  return { ...verdict, findings: [...findings, ...verdict.findings] };
}

/** A tampering: what is left of the entries, and the chains that a finding may name. */
interface Tampered {
  entries: Entry[];
  chains: string[];
}
/** How far whoever tampers goes: one edit; the hash of that entry made to fit; every hash and version after it, too. */
type Care = "none" | "own hash" | "whole chain";
const cares: Care[] = ["none", "own hash", "whole chain"];

function mend(entries: readonly Entry[], chain: string, care: Care, touched?: Entry): Entry[] {
  if (care === "none") return [...entries];
  if (care === "own hash") return entries.map((entry) => (entry === touched ? seal(entry) : entry));
  let [version, previousHash] = [0, ""];
  return entries.map((entry) => {
    if (chainOf(entry) !== chain) return entry;
    version += 1;
    const mended = seal({ ...entry, version, previousHash });
    previousHash = mended.hash;
    return mended;
  });
}

const forge = (entry: Entry, random: Random): Entry =>
  ({ ...entry, by: `key_${below(random, 1e9)}`, data: { reason: `forged ${random()}` } }) as Entry;

function editOne(entry: Entry, random: Random): Entry {
  const name = pick(
    random,
    Object.keys(entry).filter((key) => key !== "taskId" && key !== "chain"),
  );
  const value = (entry as unknown as Record<string, unknown>)[name];
  const edited =
    typeof value === "number"
      ? value + 1 + below(random, 9)
      : typeof value === "string"
        ? `${value}x`
        : { ...(value as object), extra: random() };
  return { ...entry, [name]: edited } as Entry;
}

const tamperings: Record<string, (entries: readonly Entry[], random: Random, care: Care) => Tampered> = {
  edit(entries, random, care) {
    const at = below(random, entries.length);
    const entry = entries[at] as Entry;
    const edited = editOne(entry, random);
    // Mending all of it would undo an edit of the version or a hash.
    const kept = "version previousHash hash"
      .split(" ")
      .some((name) => entry[name as "hash"] !== edited[name as "hash"]);
    return {
      entries: mend(entries.with(at, edited), chainOf(entry), kept ? "none" : care, edited),
      chains: [chainOf(entry)],
    };
  },
  delete(entries, random, care) {
    const at = below(random, entries.length);
    const chain = chainOf(entries[at] as Entry);
    return { entries: mend(entries.toSpliced(at, 1), chain, care === "own hash" ? "none" : care), chains: [chain] };
  },
  swap(entries, random, care) {
    const sizes = Map.groupBy(entries, chainOf);
    for (;;) {
      const [i, j] = [below(random, entries.length), below(random, entries.length)];
      const [a, b] = [entries[i] as Entry, entries[j] as Entry];
      // Two chains of one entry each in another order are the same log.
      if (i === j || Math.max(...[a, b].map((one) => sizes.get(chainOf(one))?.length ?? 0)) < 2) continue;
      const swapped = entries.with(i, b).with(j, a);
      const isOneChain = chainOf(a) === chainOf(b);
      return {
        entries: isOneChain && care !== "none" ? mend(swapped, chainOf(a), "whole chain") : swapped,
        chains: [chainOf(a), chainOf(b)],
      };
    }
  },
  truncate(entries, random) {
    if (random() < 0.3) {
      const length = below(random, entries.length);
      return { entries: entries.slice(0, length), chains: entries.slice(length).map(chainOf) };
    }
    const chain = chainOf(pick(random, entries));
    const keep = below(random, entries.filter((entry) => chainOf(entry) === chain).length);
    return { entries: entries.filter((entry) => chainOf(entry) !== chain || entry.version <= keep), chains: [chain] };
  },
  insert(entries, random, care) {
    const at = below(random, entries.length);
    const entry = entries[at] as Entry;
    const chain = chainOf(entry);
    const isLast = !entries.some((one) => chainOf(one) === chain && one.version > entry.version);
    const forged = random() < 0.3 ? { ...entry } : forge(entry, random);
    // Behind the last one too, as long as it says a time that a digest has covered: `entry`'s own.
    const place = at + (isLast && random() < 0.5 ? 1 : 0);
    return { entries: mend(entries.toSpliced(place, 0, forged), chain, care, forged), chains: [chain] };
  },
  "insert a chain"(entries, random) {
    const chain = chainOf(
      pick(
        random,
        entries.filter((entry) => "taskId" in entry),
      ),
    );
    const renamed = `${chain.slice(0, -1)}${chain.endsWith("0") ? "1" : "0"}`;
    const copy = entries
      .filter((entry) => chainOf(entry) === chain)
      .map((entry) => ({ ...forge(entry, random), taskId: renamed }) as Entry);
    return { entries: [...entries, ...mend(copy, renamed, "whole chain")], chains: [renamed] };
  },
  "remove a chain"(entries, random) {
    const chain = chainOf(pick(random, entries));
    return { entries: entries.filter((entry) => chainOf(entry) !== chain), chains: [chain] };
  },
};

const worlds = Array.from({ length: 10 }, (_, n) => makeWorld(n + 1));

describe("an untouched export", () => {
  it.each(Array.from({ length: 200 }, (_, n) => n + 100))("of seed %i verifies", (seed) => {
    const { entries, digests } = makeWorld(seed, { tasks: 5 + (seed % 20) });
    const verdict = verify(exportOf(entries), textsOf(digests));
    expect(verdict).toEqual({ findings: [], entries: entries.length, chains: expect.any(Number), unsealed: 0 });
  });

  it("verifies while work goes on, and says how much no digest vouches for yet", () => {
    const { entries, digests } = makeWorld(7, { until: (digestDays + 1) * dayMs });
    const verdict = verify(exportOf(entries), textsOf(digests));
    expect(verdict.findings).toEqual([]);
    expect(verdict.unsealed).toBe(entries.filter(({ at }) => at > (digests.at(-1)?.at ?? 0)).length);
    expect(verdict.unsealed).toBeGreaterThan(0);
  });

  it("of one workspace verifies with that workspace's part of the digests alone", () => {
    for (const { entries, digests } of worlds) {
      const texts = digests.map((digest) =>
        JSON.stringify({ ...digest, parts: digest.parts.filter(({ scope }) => scope === "workspace:a") }),
      );
      const mine = new Set(
        digests.flatMap(({ parts }) =>
          parts.filter(({ scope }) => scope === "workspace:a").flatMap(({ heads }) => heads.map(({ chain }) => chain)),
        ),
      );
      const kept = entries.filter((entry) => mine.has(chainOf(entry)));
      const extent = { workspace: "a" };
      expect(verify(exportOf(kept, extent), texts, extent).findings).toEqual([]);
      const gone = kept.filter((entry) => chainOf(entry) !== chainOf(kept.at(-1) as Entry));
      expect(verify(exportOf(gone, extent), texts, extent).findings).toHaveLength(1);
      expect(verify(exportOf(kept), texts).findings.length).toBeGreaterThan(0);
    }
  });

  it("of a period needs the chains that changed in it, and no others", () => {
    const { entries, digests } = makeWorld(3);
    const extent = { from: start + 2 * dayMs, to: start + 3 * dayMs };
    const touched = new Set(entries.filter(({ at }) => at >= extent.from && at < extent.to).map(chainOf));
    const inRange = new Set(
      digests.slice(1, 4).flatMap(({ parts }) => parts.flatMap(({ heads }) => heads.map(({ chain }) => chain))),
    );
    for (const chain of touched) expect(inRange).toContain(chain);
    expect(inRange.size).toBeLessThan(new Set(entries.map(chainOf)).size);
    const kept = entries.filter((entry) => inRange.has(chainOf(entry)));
    expect(verify(exportOf(kept, extent), textsOf(digests), extent).findings).toEqual([]);
    for (const chain of touched) {
      const without = kept.filter((entry) => chainOf(entry) !== chain);
      expect(verify(exportOf(without, extent), textsOf(digests), extent).findings).toEqual([
        expect.objectContaining({ chain, version: 1 }),
      ]);
    }
  });
});

describe("tampering", () => {
  it("10,000 random edits, deletions, swaps, truncations, insertions and removals are each found", {
    timeout: 300_000,
  }, () => {
    const random = seeded(42);
    const kinds = Object.keys(tamperings);
    const counts: Record<string, { tried: number; found: number; foundByChainsAlone: number }> = {};
    const expectations = worlds.map(({ digests }) => readDigests(textsOf(digests), [publicKey], {}));
    const blind = { chains: new Map(), digests: 0, publicKeys: [] };
    const originals = worlds.map(({ entries }) => exportOf(entries).join());
    const missed: unknown[] = [];
    let [verified, elapsedMs] = [0, 0];
    for (let n = 0; n < 10_000; n += 1) {
      const at = n % worlds.length;
      const kind = kinds[n % kinds.length] as string;
      const care = pick(random, cares);
      const original = (worlds[at] as World).entries;
      const { entries, chains } = (tamperings[kind] as (typeof tamperings)[string])(original, random, care);
      const lines = exportOf(entries);
      expect(lines.join() === originals[at]).toBe(false);
      const count = counts[kind] ?? { tried: 0, found: 0, foundByChainsAlone: 0 };
      counts[kind] = count;
      count.tried += 1;
      const run = (expected: ReturnType<typeof readDigests>["expected"]) => {
        const verifier = createVerifier(expected, {});
        for (const line of lines) verifier.readLine(line);
        // Only what names the chain that was touched counts.
        return verifier.end().findings.some(({ chain }) => chains.includes(chain));
      };
      const startedAt = performance.now();
      if (run((expectations[at] as (typeof expectations)[number]).expected)) count.found += 1;
      else missed.push({ n, kind, care, chains });
      elapsedMs += performance.now() - startedAt;
      verified += entries.length;
      if (run(blind)) count.foundByChainsAlone += 1;
    }
    const sum = (name: "tried" | "found" | "foundByChainsAlone") =>
      Object.values(counts).reduce((total, count) => total + count[name], 0);
    console.table(counts);
    console.log(
      `${sum("found")} of ${sum("tried")} found (${sum("foundByChainsAlone")} without digests); ${Math.round(verified / (elapsedMs / 1000))} entries/s`,
    );
    expect(missed).toEqual([]);
    expect(sum("found")).toBe(10_000);
    // The digests are what finds the careful ones: without them this very check fails.
    expect(sum("foundByChainsAlone")).toBeLessThan(8_000);
  });

  it("that only adds what says to be younger than the last digest is not found, but counted as not vouched for", () => {
    const { entries, digests } = makeWorld(7);
    const last = digests.at(-1) as Digest;
    const isOpen = new Set(last.parts.flatMap(({ open }) => open.map(([chain]) => chain)));
    const entry = entries.findLast((one) => isOpen.has(chainOf(one))) as Entry;
    const append = (at: number, step = 1) => {
      const forged = seal({ ...entry, at, version: entry.version + step, previousHash: entry.hash });
      return verify(exportOf(entries.toSpliced(entries.indexOf(entry) + 1, 0, forged)), textsOf(digests));
    };
    expect(append(last.at + 1)).toMatchObject({ findings: [], unsealed: 1 });
    expect(append(last.coveredUntil + 1)).toMatchObject({ findings: [], unsealed: 1 });
    expect(append(last.coveredUntil).findings).toHaveLength(1);
    expect(append(last.at + 1, 2).findings).toEqual([
      { chain: chainOf(entry), version: entry.version + 1, what: expect.stringContaining("in its place") },
    ]);
  });

  it("that adds to a chain which has ended is found, whatever time it says", () => {
    for (const { entries, digests } of worlds) {
      const heads = digests.flatMap(({ parts }) => parts.flatMap((part) => part.heads));
      const chain = heads.find(({ ended }) => ended)?.chain;
      const last = entries.findLast((one) => chainOf(one) === chain) as Entry;
      const young = { at: (digests.at(-1)?.at ?? 0) + 1, version: last.version + 1, previousHash: last.hash };
      const added = entries.toSpliced(entries.indexOf(last) + 1, 0, seal({ ...last, ...young }));
      const what = expect.stringContaining("added after the end");
      expect(verify(exportOf(added), textsOf(digests)).findings).toEqual([{ chain, version: last.version + 1, what }]);
    }
  });

  it("that has a chain twice is found, even if both are the same", () => {
    const { entries, digests } = worlds[0] as World;
    const chain = chainOf(entries[0] as Entry);
    const twice = [...entries, ...entries.filter((one) => chainOf(one) === chain)];
    const what = expect.stringContaining("two places");
    expect(verify(exportOf(twice), textsOf(digests)).findings).toEqual([{ chain, version: 1, what }]);
  });

  it("with the text of a line, such as a second member of one name, is found", () => {
    const { entries, digests } = worlds[0] as World;
    const lines = exportOf(entries);
    const forgeries = [
      (line: string) => line.replace('{"event":{', '{"event":{"by":"nobody",'),
      (line: string) => line.replace(":", ": "),
      (line: string) => line.replace("created", "cre\\u0061ted"),
    ];
    for (const forgery of forgeries) {
      const at = lines.findIndex((line) => line.includes('"created"'));
      const text = lines.with(at, forgery(lines[at] ?? ""));
      expect(verify(text, textsOf(digests)).findings).toContainEqual(
        expect.objectContaining({ chain: "export", version: at + 1 }),
      );
    }
  });

  it("with the file is found: no header, no end, a second end, another extent, a cut line", () => {
    const { entries, digests } = worlds[0] as World;
    const lines = exportOf(entries);
    const broken = [
      lines.slice(1),
      lines.slice(0, -1),
      [...lines, lines.at(-1) ?? ""],
      lines.with(-1, lines.at(-1)?.slice(0, 20) ?? ""),
      lines.toSpliced(3, 0, lines[0] ?? ""),
      exportOf(entries, { workspace: "a" }),
      exportOf(entries, { to: start }),
      [],
    ];
    for (const text of broken)
      expect(verify(text, textsOf(digests)).findings).toContainEqual(expect.objectContaining({ chain: "export" }));
    expect(
      verify(lines.with(2, lines[2]?.replace("key_1", "key_2") ?? ""), textsOf(digests)).findings.length,
    ).toBeGreaterThan(1);
  });
});

describe("digests", () => {
  const { entries, digests } = worlds[1] as World;
  const lines = exportOf(entries);
  const findings = (texts: string[], keys?: string[]): Finding[] => verify(lines, texts, keys ? { keys } : {}).findings;
  const resign = (digest: Digest, over: Partial<Digest>, key = privateKey): Digest => {
    const { hash: _, signature: __, ...rest } = { ...digest, ...over };
    const unsigned = makeDigest(
      { number: rest.number - 1, at: 0, coveredUntil: 0, hash: rest.previousHash },
      rest.parts,
      rest.at,
      rest.publicKey,
    );
    return { ...unsigned, signature: signHash(key, unsigned.hash) };
  };

  it("that were edited, cut, reordered in number, removed or doubled are found", () => {
    const random = seeded(9);
    for (let n = 0; n < 600; n += 1) {
      const at = below(random, digests.length);
      const one = digests[at] as Digest;
      const head = one.parts.flatMap(({ heads }) => heads)[0] ?? { chain: "x", version: 1, hash: "" };
      const forged: (Digest[] | false)[] = [
        at < digests.length - 1 && digests.toSpliced(at, 1),
        digests.with(at, { ...one, at: one.at + 1 }),
        digests.with(at, { ...one, coveredUntil: one.coveredUntil - dayMs }),
        digests.with(at, { ...one, number: one.number + 1 }),
        digests.with(at, { ...one, signature: signHash(privateKey, "another") }),
        digests.with(at, { ...one, parts: one.parts.slice(1) }),
        digests.with(at, {
          ...one,
          parts: one.parts.map((part) => ({ ...part, heads: part.heads.slice(1), open: part.open.slice(1) })),
        }),
        digests.with(at, { ...one, parts: [{ scope: "global", heads: [head], open: [] }, ...one.parts.slice(1)] }),
        [...digests, resign(one, { at: one.at + 1 })],
      ];
      const set = pick(random, forged);
      if (set) expect(findings(textsOf(set))).toContainEqual(expect.objectContaining({ chain: "digests" }));
    }
  });

  it("that are missing at the end show by the age of what they should have sealed", () => {
    expect(findings(textsOf(digests.slice(0, 3)))).toContainEqual(
      expect.objectContaining({ chain: "digests", version: 4 }),
    );
    expect(findings([])).toContainEqual(expect.objectContaining({ chain: "digests", version: 0 }));
  });

  it("of another key are found, whoever signed all of them anew", () => {
    const other = generateKeyPairSync("ed25519");
    const otherKey = other.privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");
    const otherPublic = other.publicKey.export({ format: "der", type: "spki" }).toString("base64");
    const forged: Digest[] = [];
    for (const digest of digests)
      forged.push(resign(digest, { previousHash: forged.at(-1)?.hash ?? "", publicKey: otherPublic }, otherKey));
    expect(findings(textsOf(forged))).toHaveLength(digests.length);
    expect(findings(textsOf(forged), [otherPublic])).toEqual([]);
    expect(findings(textsOf(forged.with(0, digests[0] as Digest)), []).length).toBeGreaterThan(0);
    expect(findings(["no json", "{}", ...textsOf(digests)])).toHaveLength(2);
  });

  it("that are honestly signed still show what happened between them", () => {
    const third = digests[2] as Digest;
    const signAll = (edit: (digest: Digest) => Digest["parts"]) => {
      const signed: Digest[] = [];
      for (const digest of digests) {
        const over = { parts: edit(digest), previousHash: signed.at(-1)?.hash ?? "" };
        signed.push(resign(digest, over));
      }
      return textsOf(signed);
    };
    expect(findings(signAll(({ parts }) => parts))).toEqual([]);
    // A chain that was rewritten in the table stands in a later digest with another hash.
    const { chain, version } = third.parts.flatMap(({ heads }) => heads)[0] ?? { chain: "", version: 0 };
    const rewritten = signAll((digest) =>
      digest.number !== 4
        ? digest.parts
        : digest.parts.map((part, n) =>
            n === 0 ? { ...part, heads: [...part.heads, { chain, version, hash: "another" }] } : part,
          ),
    );
    const words = expect.stringContaining("digests 3 and 4 have different hashes");
    expect(findings(rewritten)).toContainEqual({ chain, version, what: words });
    const unlinked = digests.with(2, resign(third, { previousHash: digests[0]?.hash ?? "" }));
    const what = "it does not follow the digest before it";
    expect(findings(textsOf(unlinked))).toContainEqual({ chain: "digests", version: 3, what });
    const silent = signAll((digest) => (digest.number === 5 ? digest.parts.slice(0, -1) : digest.parts));
    expect(findings(silent)).toContainEqual({ chain: "digests", version: 5, what: expect.stringContaining("silent") });
  });

  it("are due once a day, and at once when there is none", () => {
    const last = { number: 1, at: start + dayMs - 1, coveredUntil: 0, hash: "" };
    expect([
      isDigestDue(undefined, start),
      isDigestDue(last, start + dayMs - 1),
      isDigestDue(last, start + dayMs),
    ]).toEqual([true, false, true]);
    expect(digestFileName({ number: 7, hash: "abc" })).toBe("digests/0000000007-abc.json");
  });

  it("keep a chain that has vanished open, and drop it only by its end", () => {
    const head = { chain: "tsk_1", version: 3, hash: "h" };
    const first = nextPart(undefined, "workspace:a", [head]);
    const second = nextPart(first, "workspace:a", []);
    expect(second).toEqual({ scope: "workspace:a", heads: [], open: [["tsk_1", 3]] });
    expect(nextPart(second, "workspace:a", [{ ...head, ended: true }])).toEqual({
      scope: "workspace:a",
      heads: [{ ...head, ended: true }],
      open: [],
    });
  });
});
