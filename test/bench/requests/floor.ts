// What is the least that our states ask of AWS? A term for each thing that happens, with what it is for.
import { type Counts, countOf } from "../../../scripts/cost/counter.ts";

interface Term {
  what: string;
  requests: number;
  /** Why no implementation of these states can do without. */
  because: string;
  /** How often it happens on a path. */
  times(counts: Counts): number;
}

const growing = "s3 PUT growing";
const transactions = "dynamodb TransactWriteItems ";
const sumOf = (counts: Counts, form: RegExp) =>
  [...counts].reduce((sum, [name, { requests }]) => (form.test(name) ? sum + requests : sum), 0);
const events = (counts: Counts) => sumOf(counts, new RegExp(`^${transactions}`));
const happened = (counts: Counts, event: string) => countOf(counts, transactions + event);
/** Each attempt that is opened, or one that never came to it, has been woken for. */
const wakings = (counts: Counts) => Math.max(happened(counts, "created"), happened(counts, "claimed"));

export const terms: readonly Term[] = [
  {
    what: "a state changes: written",
    requests: 1,
    because: "the task and its event, in one transaction",
    times: events,
  },
  {
    what: "a state changes: read before",
    requests: 1,
    because:
      "the event holds the hash of the one before it, the write the version; functions remember nothing, and a sandbox is not believed",
    times: (counts) => events(counts) - happened(counts, "created"),
  },
  {
    what: "a person asks",
    requests: 1,
    because: "whose key is it, and was it revoked?",
    times: (counts) => sumOf(counts, /^lambda api \S+ (tasks|kill|cancel|resume)$/),
  },
  {
    what: "a task is admitted",
    requests: 2,
    because:
      "the switches, whose generations it keeps; the token, to ask whether the repository and its branch are there",
    times: (counts) => happened(counts, "created"),
  },
  {
    what: "a wake-up",
    requests: 3,
    because: "sent, received, deleted",
    times: wakings,
  },
  {
    what: "a claim",
    requests: 2,
    because: "who is next, and which slots are free?",
    times: (counts) => happened(counts, "claimed"),
  },
  {
    what: "a launch",
    requests: 2,
    because:
      "RunTask; its ARN is recorded on condition that the attempt still lives, so that a kill in between finds it or is found",
    times: (counts) => happened(counts, "claimed"),
  },
  {
    what: "a start",
    requests: 2,
    because: "what is to be done, which is too large for the task's own item; the token for the clone",
    times: (counts) => happened(counts, "started"),
  },
  {
    what: "a heartbeat, also the one before each call of a model",
    requests: 1,
    because: "the lease moves on, and what may be spent is known before it is",
    times: (counts) => countOf(counts, "lambda api POST beat"),
  },
  {
    what: "an artifact",
    requests: 1,
    because:
      "log, diff, verdicts, what the gates printed, transcript, checkpoint: what is too large for the table, each once",
    times: (counts) =>
      [...counts].filter(([name, { requests }]) => name.startsWith("s3 PUT ") && name !== growing && requests > 0)
        .length,
  },
  {
    what: "an upload of what grows, every five minutes",
    requests: 1,
    because:
      "log, and of a model its transcript and checkpoint: a sandbox that is lost takes no more than that with it",
    times: (counts) => countOf(counts, growing),
  },
  {
    what: "a stop of a sandbox that runs",
    requests: 1,
    because: "StopTask",
    times: (counts) => Math.min(1, countOf(counts, "ecs StopTask")),
  },
];

export const floorOf = (counts: Counts): number =>
  terms.reduce((sum, { requests, times }) => sum + requests * times(counts), 0);
