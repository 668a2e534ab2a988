// Can whoever gets hold of a token, or makes one up, speak for an attempt that is not its own?
import { execFile } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { once as eventOf } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { type AgentId, agentIdOf, type TaskId } from "../../functions/core/ids.ts";
import { startGitServer } from "../../infra/local/git-server.ts";
import { type Edit, edit } from "../simulation/mutants/edit.ts";
import { drover } from "../support/remote.ts";
import {
  call,
  kill,
  startStack,
  submit,
  type TestStack,
  tasksPath,
  untilSettled,
  untilTask,
} from "../support/stack.ts";
import { makeBase } from "./crossing.ts";
import type { Field } from "./field.ts";
import { once } from "./once.ts";
import { withoutSafeguard } from "./unguarded.ts";
import type { Vector } from "./vector.ts";

interface Place {
  stack: TestStack;
  /** A path of this machine. */
  repository: string;
}

const run = promisify(execFile);
const commit = "a".repeat(40);
const beat = { seq: 1_000_000, step: "x", stepStartedAt: 1, output: "", outputLength: 0 };
const longBeat = { ...beat, seq: beat.seq + 1, output: "x".repeat(130_000) };
/** What an attempt says while it lives. */
const words = [
  ["beat", beat],
  ["work-done", { commit, files: 1, additions: 1, deletions: 0 }],
] as const;

async function startTask(field: Field): Promise<TaskId> {
  const { stack, repository } = await openPlace(field);
  const taskId = await submit(stack, { repository, command: ["sleep", "300"] });
  await untilTask(stack, taskId, "runs", ({ status, attempt }) => status === "running" && attempt === 1);
  return taskId;
}

/** The whole stack, with its real API. */
const openPlace = once(async (field): Promise<Place> => {
  const stack = await startStack();
  field.undo(() => stack.close());
  return { stack, repository: makeBase(field).work };
});

/** Two tasks that run all the time, for callbacks that change nothing. */
const findPair = once((field) => Promise.all([startTask(field), startTask(field)]));

/** Its work is reported: it waits for its permit. */
async function startVerifying(field: Field): Promise<TaskId> {
  const taskId = await startTask(field);
  for (const [verb, body] of words) {
    if (!(await says(field, taskId, verb, body))) throw new Error(`${taskId} may not say ${verb}`);
  }
  return taskId;
}
const findVerifying = once(startVerifying);

/** It has its permit. */
async function startPublishing(field: Field): Promise<TaskId> {
  const taskId = await startVerifying(field);
  if (!(await says(field, taskId, "permit", { branch: drover(taskId) }))) throw new Error(`${taskId} has no permit`);
  return taskId;
}
const findPublishing = once(startPublishing);

const findKilled = once(async (field) => {
  const taskId = await startTask(field);
  await kill((await openPlace(field)).stack, taskId);
  return taskId;
});

/** Its first attempt failed through no fault of its own, and the second one runs. */
const findReplaced = once(async (field) => {
  const taskId = await startTask(field);
  await says(field, taskId, "fail", { class: "infrastructure", message: "made by the test" });
  const { stack } = await openPlace(field);
  await untilTask(stack, taskId, "runs again", ({ status, attempt }) => status === "running" && attempt === 2);
  return taskId;
});

/** Has the control plane done what was asked? Without a line of its own, it is the same API on the same table. */
async function isTaken(
  field: Field,
  agentId: AgentId,
  token: string,
  verb = "beat",
  body: object = beat,
  without?: Edit,
): Promise<boolean> {
  const { stack } = await openPlace(field);
  const path = `/api/orchestrator/attempts/${agentId}/${verb}`;
  const headers = { "x-drover-token": token };
  const { status } = without
    ? await (await loadApi(field, without)).request(path, {
        ...{ method: "POST", body: JSON.stringify(body) },
        headers: { ...headers, "content-type": "application/json" },
      })
    : await call(stack, "POST", path, body, headers);
  if (status !== 200 && (status < 400 || status > 413)) throw new Error(`${verb} answered ${status}`);
  return status === 200;
}

async function loadApi(field: Field, without: Edit) {
  const { load } = withoutSafeguard(field, [without]);
  const { createApp } = await load<typeof import("../../functions/api/app.ts")>("functions/api/app.ts");
  const { cloud } = (await openPlace(field)).stack;
  return createApp(async () => cloud);
}

const tokenOf = async (field: Field, agentId: AgentId) => (await openPlace(field)).stack.cloud.tokenOf(agentId);

/** With its own token, as its supervisor would. */
const says = async (field: Field, taskId: TaskId, verb: string, body: object, without?: Edit) => {
  const agentId = agentIdOf(taskId, 1);
  return isTaken(field, agentId, await tokenOf(field, agentId), verb, body, without);
};

interface Forgery {
  attack: string;
  heldBy: string;
  /** Tokens, of which one that is taken will do. */
  tokens(field: Field, mine: AgentId, other: AgentId): Promise<string[]>;
}

const anyToken = edit(
  "functions/flows/call-back.ts",
  "if (!isSameToken(cloud.tokenOf(parsed.agentId), caller.token))",
  "if (false)",
);

/** Each is shown for a task that runs. */
function forge({ attack, heldBy, tokens }: Forgery): Vector {
  const attempt = async (field: Field, without?: Edit) => {
    const [mine, other] = (await findPair(field)).map((taskId) => agentIdOf(taskId, 1)) as [AgentId, AgentId];
    for (const token of await tokens(field, mine, other)) {
      if (await isTaken(field, other, token, "beat", beat, without)) return true;
    }
    return false;
  };
  return {
    ...{ attack, heldBy, needs: ["git"] },
    run: (field) => attempt(field),
    control: (field) => attempt(field, anyToken),
  };
}

/** Words of a task that it may not say any more; the control says the same in time. */
function tooLate(attack: string, find: (field: Field) => Promise<TaskId>): Vector {
  return {
    ...{ attack, heldBy: fence, needs: ["git"] },
    async run(field) {
      const taskId = await find(field);
      for (const [verb, body] of words) if (await says(field, taskId, verb, body)) return true;
      return false;
    },
    control: async (field) => (await findVerifying(field)) !== undefined,
  };
}

interface Publication {
  attack: string;
  heldBy: string;
  run(field: Field): Promise<boolean>;
  control(field: Field): Promise<boolean>;
}

const publish = (publication: Publication): Vector => ({ needs: ["git"], ...publication });
const permit = (field: Field, taskId: TaskId, branch: string, without?: Edit) =>
  says(field, taskId, "permit", { branch }, without);
const anyBranch = edit("functions/flows/finish-work.ts", "branch: ownBranch(now, branch)", "branch");
const complete = (field: Field, taskId: TaskId) =>
  says(field, taskId, "complete", { kind: "pushed", branch: drover(taskId), commit });

const fence = "a fence at the table, open to the current attempt of a live task only";

export const tokenVectors: Vector[] = [
  forge({
    attack: "speak for another task with the token of its own",
    heldBy: "a token for each attempt",
    tokens: async (field, mine) => [await tokenOf(field, mine)],
  }),
  forge({
    attack: "make a token up, cut one short, lengthen it or leave it out",
    heldBy: "an HMAC of the attempt, compared as a whole",
    async tokens(field, _mine, other) {
      const real = await tokenOf(field, other);
      const flipped = `${real.startsWith("A") ? "B" : "A"}${real.slice(1)}`;
      const guesses = ["", "secret", "drover"].map((secret) =>
        createHmac("sha256", secret).update(other).digest("base64url"),
      );
      return ["", other, real.slice(0, -1), `${real}=`, `${real}A`, flipped, real.toUpperCase(), ...guesses];
    },
  }),
  forge({
    attack: "pass for a supervisor with a user's API key",
    heldBy: "keys that are no tokens",
    tokens: async (field) => [(await openPlace(field)).stack.local.apiKey],
  }),
  {
    attack: "pass for a user with the token of an attempt",
    heldBy: "tokens that are no keys",
    needs: ["git"],
    async run(field) {
      const [mine] = await findPair(field);
      const key = await tokenOf(field, agentIdOf(mine, 1));
      return (
        (await call((await openPlace(field)).stack, "GET", tasksPath, undefined, { "x-api-key": key })).status === 200
      );
    },
    control: async (field) => (await call((await openPlace(field)).stack, "GET", tasksPath)).status === 200,
  },
  tooLate("go on speaking after a kill", findKilled),
  tooLate("go on speaking when a newer attempt has taken its place", findReplaced),
  {
    attack: "ask for the secrets of a task once more when it has ended (start)",
    heldBy: fence,
    needs: ["git"],
    run: async (field) => says(field, await findKilled(field), "start", {}),
    control: async (field) => says(field, (await findPair(field))[0], "start", {}),
  },
  {
    attack: "ask for the secrets of a task once more when a newer attempt has taken its place (start)",
    heldBy: fence,
    needs: ["git"],
    run: async (field) => says(field, await findReplaced(field), "start", {}),
    control: async (field) => says(field, (await findPair(field))[0], "start", {}),
  },
  {
    attack: "get the password of another task's repository, to push there (start)",
    heldBy: "a token for each attempt",
    needs: ["git"],
    run: (field) => startOther(field),
    control: (field) => startOther(field, anyToken),
  },
  publish({
    attack: "get the permit to push to the base branch",
    heldBy: "permits for the task's own branch",
    run: async (field) => permit(field, await findVerifying(field), "main"),
    control: async (field) => permit(field, await startVerifying(field), "main", anyBranch),
  }),
  publish({
    attack: "get the permit to push to a branch of another task's",
    heldBy: "permits for the task's own branch",
    run: async (field) => permit(field, await findVerifying(field), drover((await findPair(field))[0])),
    control: async (field) => permit(field, await startVerifying(field), drover((await findPair(field))[0]), anyBranch),
  }),
  publish({
    attack: "get a second permit, for a second branch",
    heldBy: "a state that is left with the first one",
    run: async (field) => permit(field, await findPublishing(field), `${drover(await findPublishing(field))}-2`),
    async control(field) {
      const taskId = await startVerifying(field);
      return permit(field, taskId, `${drover(taskId)}-2`);
    },
  }),
  publish({
    attack: "have a push believed that it had no permit for",
    heldBy: "a state that only the permit leads to",
    run: async (field) => complete(field, await findVerifying(field)),
    control: async (field) => complete(field, await startPublishing(field)),
  }),
  {
    attack:
      "hold up the other tasks of its workspace for a day, by saying that their model's provider has no quota (fail)",
    heldBy: "a pause of minutes, which only others can lengthen",
    needs: ["git"],
    run: (field) => holdUpOthers(field),
    control: (field) =>
      holdUpOthers(
        field,
        edit("functions/core/provider-pause.ts", "isConfirmed ? 2 * last.lengthMs : firstMs", "longestMs"),
      ),
  },
  {
    attack: "store megabytes in the table with the output that its beats carry",
    heldBy: "messages that are measured before they are taken",
    needs: ["git"],
    // A body of a megabyte is refused unread; this one would be a third of what an item may have.
    run: async (field) => says(field, (await findPair(field))[0], "beat", longBeat),
    control: async (field) =>
      says(
        field,
        (await findPair(field))[0],
        "beat",
        longBeat,
        edit("functions/core/callbacks.ts", "output: z.string().max(maxBeatOutputCharacters)", "output: z.string()"),
      ),
  },
  {
    attack: "overwrite the log of another task with the address for its own",
    heldBy: "addresses that are signed, each for one thing",
    needs: ["git"],
    async run(field) {
      const [mine, other] = await findPair(field);
      const url = await uploadUrl(field, mine);
      return isUploaded(url.replaceAll(mine, other).replaceAll(agentIdOf(mine, 1), agentIdOf(other, 1)));
    },
    control: async (field) => isUploaded(await uploadUrl(field, (await findPair(field))[0])),
  },
  {
    attack: "find the attempt's token or the repository's password anywhere in the sandbox",
    heldBy: "secrets that are in the supervisor's memory and environment only",
    needs: ["git"],
    async run(field) {
      const { stack, repository, secrets } = await startWithSecrets(field);
      const taskId = await submit(stack, { ...repository, command: ["node", "-e", lookEverywhere] });
      const { status } = await untilSettled(stack, taskId);
      const { body } = await call(stack, "GET", `${tasksPath}/${taskId}/log`);
      if (status !== "completed" || !String(body).includes("looked at")) throw new Error(`it did not look: ${body}`);
      return [...secrets, await tokenOf(field, agentIdOf(taskId, 1))].some((secret) => String(body).includes(secret));
    },
    async control(field) {
      const [taskId] = await findPair(field);
      // Beside the supervisor, as its own user.
      const { stdout } = await run(process.execPath, ["-e", lookEverywhere, "/nowhere"], { maxBuffer: 2 ** 28 });
      return stdout.includes(await tokenOf(field, agentIdOf(taskId, 1)));
    },
  },
];

/** Its supervisor waits for the first answer of a model that never comes, and meanwhile somebody has its token. */
async function holdUpOthers(field: Field, without?: Edit): Promise<boolean> {
  const { stack, repository } = await openPlace(field);
  const silent = createServer().listen(0, "127.0.0.1");
  await eventOf(silent, "listening");
  field.undo(() => void silent.close());
  field.undo(() => silent.closeAllConnections());
  const provider = `quota-${randomBytes(4).toString("hex")}`;
  const credential = `/api/orchestrator/workspaces/default/credentials/${provider}`;
  const baseUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  await call(stack, "PUT", credential, { token: "sk-a-key", model: { baseUrl } });
  const agent = { kind: "model", credential: provider };
  const request = { repository, prompt: "Do the work", agent, gates: { profile: "none" } };
  const { taskId } = (await call(stack, "POST", tasksPath, request)).body;
  await untilTask(stack, taskId, "runs", ({ status }) => status === "running");
  const retryAt = stack.cloud.clock.now() + 86_400_000;
  const failure = { class: "provider_quota", message: "no quota", retryAt };
  if (!(await says(field, taskId, "fail", failure, without))) throw new Error(`${taskId} may not fail`);
  const pause = await stack.cloud.table.getProviderPause("default", provider);
  return (pause?.until ?? 0) > stack.cloud.clock.now() + 3_600_000;
}

async function startOther(field: Field, without?: Edit): Promise<boolean> {
  const [mine, other] = (await findPair(field)).map((taskId) => agentIdOf(taskId, 1)) as [AgentId, AgentId];
  return isTaken(field, other, await tokenOf(field, mine), "start", {}, without);
}

async function uploadUrl(field: Field, taskId: TaskId): Promise<string> {
  const { stack } = await openPlace(field);
  return stack.cloud.artifacts.uploadUrl(agentIdOf(taskId, 1), "log");
}

const isUploaded = async (url: string) => (await fetch(url, { method: "PUT", body: "forged" })).ok;

async function startWithSecrets(field: Field) {
  const { stack } = await openPlace(field);
  const password = createHmac("sha256", field.secret).update("password").digest("base64url");
  const { work } = makeBase(field);
  const server = await startGitServer({ authorize: (_user, given) => given === password, resolve: () => work });
  field.undo(() => server.close());
  const path = "/api/orchestrator/workspaces/default/credentials/redteam";
  const { status } = await call(stack, "PUT", path, { token: password });
  if (status !== 204) throw new Error(`the credential was answered with ${status}`);
  return { stack, secrets: [password], repository: { repository: `${server.url}/shop`, credential: "redteam" } };
}

/** Prints whatever looks like a token or a password, in all that can be read: processes, and files but the system's. */
const lookEverywhere = `
  const { lstatSync, readdirSync, readFileSync } = require("node:fs");
  const seen = new Set(); let count = 0;
  const look = (path) => { try { for (const [found] of readFileSync(path, "latin1").matchAll(/[\\w-]{43}/g)) seen.add(found); count++; } catch {} };
  for (const pid of readdirSync("/proc")) if (/^\\d+$/.test(pid)) for (const file of ["environ", "cmdline"]) look("/proc/" + pid + "/" + file);
  const walk = (folder) => {
    let names = []; try { names = readdirSync(folder); } catch {}
    for (const name of names) try {
      const path = folder + "/" + name, stats = lstatSync(path);
      if (stats.isDirectory()) walk(path); else if (stats.isFile() && stats.size < 1e6) look(path);
    } catch {}
  };
  for (const folder of process.argv[1] ? [process.argv[1]] : ["/workspace", "/home", "/tmp", "/run", "/etc", "/dev/shm", "/root", "/var"]) walk(folder);
  for (const found of seen) console.log(found);
  console.log("looked at", count);`;
