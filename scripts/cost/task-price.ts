// What does a task of so many minutes cost? What its path asked for, and what it asks for as long as it runs.
import { plus } from "./combine.ts";
import { type Counts, countOf } from "./counter.ts";
import type { GoldenPaths } from "./paths.ts";

type Parts = Pick<GoldenPaths, "beat" | "modelBeat" | "liveInRound">;

export interface Work {
  minutes: number;
  /** Each call of a model is preceded by a heartbeat, which saves what it may spend. */
  modelCalls: number;
}

const beatSeconds = 30;
const uploadSeconds = 300;
/** What grows and is uploaded again and again: the log; of a model also its transcript and its checkpoint. */
const growing = { command: 1, model: 3 } as const;
const uploadOfWhatGrows: Counts = new Map([["s3 PUT growing", { requests: 1, writeUnits: 0, readUnits: 0, ms: 0 }]]);

export const heartbeatsOf = ({ minutes }: Work): number => (minutes * 60) / beatSeconds;

export function uploadsOf({ minutes, modelCalls }: Work): number {
  // The last one is at its end, and part of the path.
  const rounds = Math.ceil((minutes * 60) / uploadSeconds) - 1;
  return Math.max(0, rounds) * (modelCalls > 0 ? growing.model : growing.command);
}

const beatOf = (parts: Parts, { modelCalls }: Work) => (modelCalls > 0 ? parts.modelBeat : parts.beat);

/** What the path asks for beside its heartbeats, however long it lasts. */
export const withoutBeats = (path: Counts, parts: Parts, work: Work): Counts =>
  plus(path, beatOf(parts, work), -countOf(path, "lambda api POST beat"));

/** The same path, as if it had lasted as long as that. */
export function countTask(path: Counts, parts: Parts, work: Work): Counts {
  const beats = heartbeatsOf(work) + work.modelCalls;
  const beaten = plus(withoutBeats(path, parts, work), beatOf(parts, work), beats);
  const uploaded = plus(beaten, uploadOfWhatGrows, uploadsOf(work));
  // While it is live, each round of the reaper looks at it.
  return plus(uploaded, parts.liveInRound, work.minutes);
}
