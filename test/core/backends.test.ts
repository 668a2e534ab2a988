import { describe, expect, it } from "vitest";
import { backendRequest, declareBackends } from "../../functions/core/backend-requests.ts";
import {
  type Backend,
  type BackendHealth,
  type BackendSettings,
  isOnLoopback,
  judgeBackend,
  knownBackends,
  nextRest,
  placeBackend,
  refuseBackend,
} from "../../functions/core/backends.ts";
import { now } from "../support/make-task.ts";

const target = {
  cluster: "drover",
  taskDefinition: "sandbox",
  subnets: ["subnet-1"],
  securityGroups: [],
  assignPublicIp: false,
};
const settings: BackendSettings = { declared: { default: target, gpu: { ...target, cluster: "gpu" } }, open: "none" };
const onLoopback = { ...target, endpoint: "http://127.0.0.1:4000" };
const make = (name: string, over: Partial<Backend> = {}): Backend => ({
  name,
  kind: "ecs",
  target,
  createdAt: now,
  createdBy: "key_1",
  ...over,
});
const known = (backends: Backend[], over: Partial<BackendSettings> = {}, health: BackendHealth[] = []) =>
  knownBackends({ backends, health }, { ...settings, ...over });
const one = (backend: Backend, over?: Partial<BackendSettings>, health?: BackendHealth[]) =>
  known([backend], over, health).find(({ name }) => name === backend.name);

describe("the known backends", () => {
  it("begin with the default one, which nobody needs to add; a declared one is added first", () => {
    expect(known([])).toMatchObject([{ name: "default", declared: true, reach: target, createdBy: "system:stack" }]);
    expect(known([make("default", { slots: 3 })])).toMatchObject([{ name: "default", slots: 3, createdBy: "key_1" }]);
  });

  it("are where their declaration says by now, not where it was when they were added", () => {
    expect(one(make("gpu"))).toMatchObject({ declared: true, target: { cluster: "gpu" }, reach: { cluster: "gpu" } });
  });

  it.each<[string, Backend, Partial<BackendSettings>, boolean]>([
    ["declared", make("gpu"), {}, true],
    ["not declared", make("old"), {}, false],
    ["on loopback, where that is not open", make("local", { target: onLoopback }), {}, false],
    ["on loopback, where it is", make("local", { target: onLoopback }), { open: "loopback" }, true],
    ["elsewhere, where loopback is open", make("old"), { open: "loopback" }, false],
    ["named as a member of every object", make("constructor"), {}, false],
  ])("can be reached or not: %s", (_case, backend, over, isReached) => {
    expect(one(backend, over)?.reach !== undefined).toBe(isReached);
  });
});

describe("an endpoint is on loopback", () => {
  it.each([
    ["http://127.0.0.1:4000", true],
    ["http://127.9.9.9", true],
    ["http://[::1]:4000", true],
    ["http://localhost:4000", false],
    ["http://127.0.0.1.nip.example", false],
    ["http://someone@127.0.0.1", false],
    ["https://ecs.eu-central-1.amazonaws.com", false],
    ["http://169.254.169.254", false],
    ["http://[::ffff:10.0.0.1]", false],
    ["no url", false],
    [undefined, false],
  ])("by its address: %s → %s", (endpoint, is) => expect(isOnLoopback(endpoint)).toBe(is));
});

describe("a backend", () => {
  const health = (over: Partial<BackendHealth>): BackendHealth[] => [
    { name: "gpu", checkedAt: now - 1_000, latencyMs: 3, ...over },
  ];
  it.each([
    ["never checked", make("gpu"), [], "usable"],
    ["that answered", make("gpu"), health({}), "usable"],
    ["that did not answer", make("gpu"), health({ error: "refused" }), "unreachable"],
    ["that did not answer long ago", make("gpu"), health({ error: "refused", checkedAt: now - 600_000 }), "usable"],
    ["whose declaration is gone", make("old"), [], "undeclared"],
    ["that is revoked, whatever else", make("old", { revokedAt: now }), health({}), "revoked"],
  ] as const)("%s is judged", (_case, backend, found, state) => {
    expect(judgeBackend(one(backend, {}, [...found]), now)).toBe(state);
  });

  it("that nobody knows is unknown", () => expect(judgeBackend(undefined, now)).toBe("unknown"));
});

describe("where a backend shall be", () => {
  const ask = (body: object, open: BackendSettings["open"]) =>
    placeBackend(backendRequest.parse({ name: "new", ...body }), { ...settings, open });
  const endpoint = "http://127.0.0.1:4000";

  it.each([
    ["a declared one by its name", { name: "gpu", slots: 3, note: "x" }, "none", { ...target, cluster: "gpu" }],
    [
      "one on loopback with the default one's ways",
      { endpoint, cluster: "mine" },
      "loopback",
      { cluster: "mine", endpoint },
    ],
  ] as const)("is known: %s", (_case, body, open, where) =>
    expect(ask(body, open)).toMatchObject({ kind: "placed", target: where }));

  it.each([
    ["a declared one with a place", { name: "gpu", cluster: "x" }, "loopback", "invalid_request", "leave out cluster"],
    ["an undeclared one", {}, "none", "backend_not_declared", "DROVER_BACKENDS"],
    ["one on loopback where that is not open", { endpoint }, "none", "backend_not_declared", "default, gpu"],
    ["one elsewhere", { endpoint: "http://10.0.0.1" }, "loopback", "backend_not_declared", "endpoint"],
    ["one in another region", { region: "eu-central-1" }, "loopback", "backend_not_declared", "DROVER_BACKENDS"],
    ["a member of every object", { name: "constructor" }, "none", "backend_not_declared", "constructor"],
  ] as const)("is refused: %s", (_case, body, open, code, words) => {
    expect(ask(body, open)).toMatchObject({ kind: "refused", code, message: expect.stringContaining(words) });
  });
});

describe("a task for a backend", () => {
  const down: BackendHealth[] = [{ name: "gpu", checkedAt: now, latencyMs: 3, error: "refused" }];
  const backends = known([make("gpu"), make("gone"), make("old", { revokedAt: now })], {}, down);
  it.each([
    ["default", undefined],
    ["gpu", undefined],
    ["gone", "backend_not_declared"],
    ["old", "backend_revoked"],
    ["nobody", "backend_unknown"],
    ["constructor", "backend_unknown"],
  ])("%s is refused with %s, naming those that take tasks", (name, code) => {
    const refusal = refuseBackend(name, backends, now);
    expect(refusal?.code).toBe(code);
    if (code) expect(refusal?.message).toContain("default, gpu. GET /api/orchestrator/backends");
  });
});

describe("the declaration of backends", () => {
  it("needs no more than cluster, task definition and subnets", () => {
    const gpu = { cluster: "gpu", taskDefinition: "sandbox", subnets: ["subnet-1"] };
    expect(declareBackends(JSON.stringify({ gpu }))).toEqual({
      gpu: { ...gpu, securityGroups: [], assignPublicIp: false },
    });
  });

  it.each([
    ["a name that cannot be one", { "GPU 1": target }],
    ["a misspelt setting", { gpu: { ...target, subnet: "s" } }],
    ["no subnet", { gpu: { ...target, subnets: [] } }],
    ["a region that is none", { gpu: { ...target, region: "Frankfurt" } }],
    ["an endpoint that is no URL", { gpu: { ...target, endpoint: "127.0.0.1:80" } }],
  ])("is refused with %s", (_case, backends) => {
    expect(() => declareBackends(JSON.stringify(backends))).toThrow(/^DROVER_BACKENDS: /);
  });
});

describe("a backend that has no room", () => {
  const first = nextRest(undefined, now);

  it("rests, and is usable again when its rest is over", () => {
    const health = (over: Partial<BackendHealth>) => [{ name: "gpu", checkedAt: now, latencyMs: 1, ...over }];
    expect(judgeBackend(one(make("gpu"), {}, health({ rest: first })), first.until - 1)).toBe("resting");
    expect(judgeBackend(one(make("gpu"), {}, health({ rest: first })), first.until)).toBe("usable");
  });

  it("takes tasks meanwhile: they wait", () => {
    const resting = known([make("gpu")], {}, [{ name: "gpu", checkedAt: now, latencyMs: 1, rest: first }]);
    expect(refuseBackend("gpu", resting, now)).toBeUndefined();
  });

  it.each<[string, number, number]>([
    ["as long as it was to, when several find it full at once", first.until - 1, first.ms],
    ["twice as long, when it is full again soon after", first.until + 60_000, 2 * first.ms],
    ["as long as at first, when it was well for a while", first.until + 10 * 60_000, first.ms],
  ])("rests %s", (_case, at, ms) => {
    expect(nextRest(first, at).ms).toBe(ms);
  });

  it("never rests for longer than a minute", () => {
    let rest = first;
    for (let n = 0; n < 20; n += 1) rest = nextRest(rest, rest.until + 1);
    expect(rest.ms).toBe(60_000);
  });
});
