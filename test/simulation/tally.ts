// What happened in all schedules together? Every transition and every fault must have happened, or it proves nothing.
import { acceptedFrom } from "../../functions/core/transitions.ts";
import { faultKinds } from "./faults.ts";
import type { ScheduleResult } from "./simulate.ts";

const acts = [
  ...["switch_stop", "switch_release", "switch_pause", "switch_resume", "webhook_added"],
  ...["schedule_added", "schedule_edited", "schedule_removed"],
  ...["wake_up_refused", "wake_up_buried", "intake_refused", "act_refused"],
].map((type) => `act ${type}`);
const posts = [
  ...["API 200", "API 201", "API 409", "API 422"],
  "schedule fired",
  "post taken",
  "post refused",
  "kill function 200",
  "kill function 403",
  "kill function 409",
];
/** These last for moments here, so the cleanup of an earlier attempt hardly ever comes at one. */
const rare = new Set(["cleanup verifying→", "cleanup publishing→"]);

/** As plain data. */
export interface TallySnapshot {
  schedules: number;
  steps: number;
  tasks: number;
  /** Seeds. */
  failing: number[];
  known: [string, number][];
  faults: [string, number][];
  happened: [string, number][];
}

export class Tally {
  schedules = 0;
  steps = 0;
  tasks = 0;
  /** Seeds of schedules that broke an invariant. */
  readonly failing: number[] = [];
  readonly known = new Map<string, number>();
  readonly #faults = new Map<string, number>();
  readonly #happened = new Map<string, number>();

  add(result: ScheduleResult): void {
    this.schedules += 1;
    this.steps += result.steps;
    this.tasks += result.tasks;
    if (result.violation) this.failing.push(result.seed);
    for (const code of result.known) count(this.known, code, 1);
    for (const { kind } of result.faults) count(this.#faults, kind, 1);
    for (const [name, times] of result.happened) count(this.#happened, name, times);
  }

  snapshot(): TallySnapshot {
    const { schedules, steps, tasks, failing } = this;
    const [known, faults, happened] = [[...this.known], [...this.#faults], [...this.#happened]];
    return { schedules, steps, tasks, failing, known, faults, happened };
  }

  merge(other: TallySnapshot): void {
    this.schedules += other.schedules;
    this.steps += other.steps;
    this.tasks += other.tasks;
    this.failing.push(...other.failing);
    for (const [code, times] of other.known) count(this.known, code, times);
    for (const [kind, times] of other.faults) count(this.#faults, kind, times);
    for (const [name, times] of other.happened) count(this.#happened, name, times);
  }

  /** Transitions of the table, acts and kinds of faults that never happened. */
  missing(): string[] {
    const seen = [...this.#happened.keys()];
    const transitions = Object.entries(acceptedFrom)
      .flatMap(([type, from]) => from.map((status) => `${type} ${status}→`))
      .filter((name) => !rare.has(name));
    return [
      ...transitions.filter((name) => !seen.some((other) => other.startsWith(name))),
      ...[...acts, ...posts].filter((name) => !this.#happened.has(name)),
      ...faultKinds.filter((kind) => !this.#faults.has(kind)),
    ];
  }

  lines(): string[] {
    const table = (title: string, counts: Map<string, number>) => [
      title,
      ...[...counts].sort().map(([name, times]) => `  ${String(times).padStart(9)}  ${name}`),
    ];
    const mean = (sum: number) => (sum / this.schedules).toFixed(1);
    return [
      ...table("transitions, acts and posts", this.#happened),
      ...table("faults", this.#faults),
      `${mean(this.tasks)} tasks and ${mean(this.steps)} steps a schedule`,
    ];
  }
}

function count(counts: Map<string, number>, name: string, times: number): void {
  counts.set(name, (counts.get(name) ?? 0) + times);
}
