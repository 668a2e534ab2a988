// What do the pages show? A handful of tasks in many states, a schedule, a source and a webhook, as a team would have them.
import { bash, done, type TestModel } from "../support/model.ts";
import { call, tasksPath, until } from "../support/stack.ts";
import type { DashboardStack } from "./stack.ts";

const workspace = "/api/orchestrator/workspaces/default";
const test = { gates: { profile: "custom", gates: ["test"] } };
const slowly = "for i in $(seq 600); do echo checked page $i; sleep 1; done";

/** Answers the id of the one that has most to show: a log, a diff of several files, gates. */
export async function makeFleet(stack: DashboardStack, model: TestModel): Promise<string> {
  model.script = ({ messages }, said) => {
    if (JSON.stringify(messages[0]).includes("discount")) {
      const look = { text: "The discount is added where it should be taken off.", tools: [bash("cat src/price.js")] };
      const mend = { tools: [bash("sed -i 's/cents + discount/cents - discount/' src/price.js")] };
      return [look, mend, done][said] ?? done;
    }
    const words = { text: "I read the page first, then its texts.", tools: [bash("ls -R src")] };
    return said < 3 ? words : { ...words, gate: new Promise(() => undefined) };
  };
  const settled = async (id: string) => void (await until(`${id} has ended`, () => hasEnded(stack, id)));
  await settled(await stack.submit("exit 3", { title: "Upgrade the date library", maxAttempts: 1, labels: ["deps"] }));
  await settled(await stack.submit("true", { title: "Remove unused styles", labels: ["cleanup"] }));
  await settled(
    await model.submit({
      ...{ repository: stack.repository, title: "Take the discount off the price", prompt: "The discount is added" },
      ...{ limits: { dollars: 2 }, labels: ["bug"], priority: 8, ...test },
    }),
  );
  const shown = await stack.submit(
    "sed -i s/var/const/ src/greet.js && echo 'Names are constants.' >> README.md && cp test/greet.test.js test/names.test.js && echo three files changed",
    { title: "Turn var into const", labels: ["cleanup"], priority: 7, ...test },
  );
  await settled(shown);
  await stack.submit("true", { title: "Rebuild the search index", delayMs: 6 * 3_600_000, labels: ["nightly"] });
  const astray = await stack.submit("sleep 600", { title: "Rewrite the router", priority: 3 });
  await stack.untilStatus(astray, "running");
  await call(stack, "POST", `${tasksPath}/${astray}/kill`, { reason: "it rewrites everything else, too" });
  const links = await stack.submit(slowly, { title: "Check every link", yolo: { reason: "it changes nothing" } });
  await stack.untilStatus(links, "running");
  const asked = model.api.requests.length;
  await model.submit({
    ...{ repository: stack.repository, title: "Translate the checkout page", prompt: "Translate the checkout" },
    ...{ limits: { dollars: 1 }, priority: 9, labels: ["i18n"] },
  });
  await model.api.reached(asked + 3);
  return shown;
}

async function hasEnded(stack: DashboardStack, taskId: string): Promise<boolean> {
  const { status } = (await call(stack, "GET", `${tasksPath}/${taskId}`)).body;
  return ["completed", "failed", "killed"].includes(status);
}

export async function makeConnections(stack: DashboardStack, receiverUrl: string): Promise<void> {
  const command = { kind: "command", command: ["npm", "audit", "fix"] };
  const task = { repository: stack.repository, prompt: "Fix what npm audit can fix", agent: command };
  const schedule = { name: "nightly-audit", cron: "0 3 * * 1-5", timezone: "Europe/Berlin", task };
  await call(stack, "POST", `${workspace}/schedules`, schedule);
  await call(stack, "POST", `${workspace}/sources`, {
    ...{ name: "shop-issues", kind: "github", repositories: ["https://github.com/acme/*"] },
    ...{ trigger: { label: "drover", command: "/drover" }, task: { agent: { kind: "model" }, pullRequest: {} } },
  });
  await call(stack, "POST", `${workspace}/webhooks`, { url: `${receiverUrl}/deployments` });
}
