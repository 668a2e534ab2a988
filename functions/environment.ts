// What is this process told by its environment? Read as a whole, so that everything that is missing or wrong is named at once.
import { usualTryMs } from "./aws/request-limits.ts";
import { isResourceName } from "./core/ids.ts";
import { maxBeatOutputCharacters } from "./core/task.ts";

/** Throws, saying what is wrong. It is no schema of a library: every first request would pay for loading that. */
type Form<T> = (text: string | undefined) => T;

const text: Form<string> = (given) => {
  if (given === undefined) throw new Error("is missing");
  return given;
};
const count: Form<number> = (given) => {
  const number = positive(given);
  if (!Number.isSafeInteger(number)) throw new Error("is not a whole number above zero");
  return number;
};
const positive: Form<number> = (given) => {
  const number = Number(text(given));
  if (!(number > 0 && number < Number.POSITIVE_INFINITY)) throw new Error("is not a number above zero");
  return number;
};
const list: Form<string[]> = (given) => text(given).split(",").filter(Boolean);
const flag: Form<boolean> = (given) => {
  if (/^(true|1|yes|on)$/i.test(text(given))) return true;
  if (/^(false|0|no|off)$/i.test(text(given))) return false;
  throw new Error('is neither "true" nor "false"');
};
const url: Form<string> = (given) => {
  if (!URL.canParse(text(given))) throw new Error("is not a URL");
  return text(given);
};

const optional =
  <T>(form: Form<T>): Form<T | undefined> =>
  (given) =>
    given === undefined ? undefined : form(given);
const unless =
  <T>(form: Form<T>, unset: T): Form<T> =>
  (given) =>
    given === undefined ? unset : form(given);
const checked =
  <T>(form: Form<T>, isFine: (value: T) => boolean, what: string): Form<T> =>
  (given) => {
    const value = form(given);
    if (!isFine(value)) throw new Error(what);
    return value;
  };
const atMost = (most: number): Form<number> => checked(count, (n) => n <= most, `is above ${most}`);

/** Where things are, which a stack tells of its own resources. */
const places = {
  DROVER_TABLE: text,
  DROVER_WAKE_QUEUE_URL: text,
  DROVER_NOTIFY_QUEUE_URL: text,
  DROVER_INTAKE_QUEUE_URL: optional(text),
  DROVER_INTAKE_DEAD_QUEUE_URL: optional(text),
  DROVER_INTAKE_WORKSPACE: optional(checked(text, isResourceName, "is not the name of a workspace")),
  /** Name or ARN of an EventBridge bus that is told of every outcome. */
  DROVER_OUTCOME_BUS: optional(checked(text, (name) => name !== "", "is empty")),
  DROVER_ARTIFACTS_BUCKET: text,
  DROVER_CLUSTER: text,
  DROVER_TASK_DEFINITION: text,
  DROVER_SUBNETS: list,
  DROVER_SECURITY_GROUPS: unless(list, []),
  DROVER_ASSIGN_PUBLIC_IP: unless(flag, false),
  /** JSON: the backends beside the default one, which the variables above declare; see `declareBackends`. */
  DROVER_BACKENDS: optional(text),
  /** SSM path under which the token secret and the credentials stand. */
  DROVER_PARAMETERS: checked(text, (path) => path.startsWith("/"), "does not begin with /"),
  DROVER_STREAM_MS: unless(count, 5 * 60_000),
  /** For the reaper, which asks whether agents can be heard there. Without it they can: it serves the API itself. */
  DROVER_API_URL: optional(url),
  DROVER_PUBLIC_ORIGIN: optional((given) => new URL(url(given)).origin),
  /** Namespace of CloudWatch for drover's own metrics; without it none are written. */
  DROVER_METRICS: optional(text),
};

/** What operators set: on one machine in the environment of `npm start`, for a stage in its `.env`, which hands on all of them. */
export const operatorVariables = {
  DROVER_SLOTS: unless(count, 20),
  DROVER_SLOTS_PER_WORKSPACE: optional(count),
  DROVER_SLOTS_PER_BACKEND: optional(count),
  DROVER_SLOTS_PER_REPOSITORY: optional(count),
  DROVER_REQUESTS_PER_MINUTE: unless(count, 100),
  DROVER_QUEUE_LIMIT: unless(count, 100_000),
  DROVER_MAX_QUEUE_AGE_MS: unless(count, 7 * 24 * 60 * 60 * 1000),
  /** Of this process. Fargate takes 20 RunTask calls a second: for five dispatchers at once, and the reaper. */
  DROVER_LAUNCHES_PER_SECOND: unless(positive, 3),
  DROVER_LAUNCH_LIMIT_MS: unless(count, 300_000),
  DROVER_LEASE_MS: unless(count, 90_000),
  DROVER_BEAT_MS: unless(count, 30_000),
  /** So many leave the attempt's item below 1 KB; twice as many cost twice as much at each beat. */
  DROVER_BEAT_CHARACTERS: unless(atMost(maxBeatOutputCharacters), 200),
  DROVER_LOG_UPLOAD_MS: unless(count, 300_000),
  DROVER_PATIENCE_MS: unless(count, 15 * 60 * 1000),
  DROVER_WALL_CLOCK_MARGIN_MS: unless(count, 2 * 60 * 60 * 1000),
  DROVER_PUSH_SETTLE_MS: unless(count, 120_000),
  DROVER_INTAKE_PRINCIPAL: unless(text, "intake"),
  /** The queue's own limit is a thousand: a message that it gives up has no reason with it. */
  DROVER_INTAKE_MAX_RECEIVES: unless(atMost(900), 200),
  /** Waits between the tries of a delivery: eight tries in about a day. */
  DROVER_WEBHOOKS_BACKOFF_MS: unless(
    (given) => checked(list, (parts) => parts.length > 0, "names no wait")(given).map(count),
    [5_000, 60_000, 300_000, 1_800_000, 7_200_000, 21_600_000, 43_200_000],
  ),
  /** The function that posts has a minute in all. */
  DROVER_WEBHOOKS_TIMEOUT_MS: unless(atMost(30_000), 10_000),
  /** JSON: other prices or windows, or more models; see `readModels`. */
  DROVER_MODELS: optional(text),
};

/** For tests and one machine; no stage sets them. */
export const localVariables = {
  /** Notices may go to loopback over plain http. */
  DROVER_WEBHOOKS_ALLOW_LOOPBACK: unless(flag, false),
  /** `loopback` lets a super admin add any ECS endpoint on this machine. */
  DROVER_BACKENDS_OPEN: unless((given): "none" | "loopback" => {
    if (given === "none" || given === "loopback") return given;
    throw new Error('is neither "none" nor "loopback"');
  }, "none"),
  /** JSON of `Isolation`; Fargate's micro-VM when absent. */
  DROVER_ISOLATION: unless(text, '{"kind":"confined"}'),
  DROVER_LOCAL_GIT_URL: optional(url),
  /** For one try of a request of the table, the queues or the parameters. No function's time ends on one machine, and bursts wait. */
  DROVER_REQUEST_TRY_MS: unless(count, usualTryMs),
};

const variables = { ...places, ...operatorVariables, ...localVariables };

export type Environment = { [Name in keyof typeof variables]: ReturnType<(typeof variables)[Name]> };

/** Throws, naming the variables, when some are missing or wrong. */
export function readEnvironment(given: NodeJS.ProcessEnv): Environment {
  const { read, wrong } = readVariables(variables, given);
  if (wrong.length > 0) throw new Error(`The environment is not complete:\n${wrong.join("\n")}`);
  return read as Environment;
}

/** What is wrong with what an operator has set, a line for each variable. */
export const findWrong = (given: NodeJS.ProcessEnv): string[] => readVariables(operatorVariables, given).wrong;

function readVariables(forms: Record<string, Form<unknown>>, given: NodeJS.ProcessEnv) {
  const wrong: string[] = [];
  const read = Object.entries(forms).map(([name, form]) => {
    try {
      return [name, form(given[name])];
    } catch (error) {
      wrong.push(`  ${name} ${error instanceof Error ? error.message : error}`);
      return [name, undefined];
    }
  });
  return { read: Object.fromEntries(read) as Record<string, unknown>, wrong };
}
