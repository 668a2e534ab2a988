import { expect, it } from "vitest";
import { ask } from "../../clients/client.ts";
import { bash, done, useModel } from "../support/model.ts";
import { until } from "../support/stack.ts";
import { act, expectAccessible, signIn, takePicture, useBrowser, visit } from "./browser.ts";
import { useDashboardStack } from "./stack.ts";

const stack = useDashboardStack();
const browser = useBrowser();
const model = useModel(stack);
const mend = bash("sed -i 's/cents + discount/cents - discount/' src/price.js");
const nap = "for i in $(seq 600); do sleep 1; done";

it("a task is killed from its row, with the reason that another browser then reads", async () => {
  const [first, second] = [await browser.open(), await browser.open({ colorScheme: "dark" })];
  await signIn(first, stack);
  await signIn(second, stack);
  const taskId = await stack.submit(nap, { title: "Goes astray", yolo: { reason: "a drill" } });
  const row = first.getByRole("listitem").filter({ hasText: "Goes astray" });
  await row.getByText("running").waitFor({ timeout: 60_000 });
  await row.getByRole("button", { name: "Kill: Goes astray" }).click();
  const dialog = first.getByRole("dialog");
  await dialog.getByText(/is running, attempt 1 of 3/).waitFor();
  await dialog.getByText("YOLO").waitFor();
  await takePicture(first, "kill-from-row");
  await expectAccessible(first);
  await dialog.getByLabel("Reason").fill("it went astray");
  await first.route("**/kill", (route) => route.abort());
  await dialog.getByRole("button", { name: "Kill now" }).click();
  await dialog.getByText("it is not known whether this was done").waitFor();
  await takePicture(first, "kill-unanswered");
  await first.unroute("**/kill");
  await dialog.getByRole("button", { name: "Kill now" }).click();
  await dialog.waitFor({ state: "hidden" });
  const other = second.getByRole("listitem").filter({ hasText: "Goes astray" });
  await other.getByText("killed", { exact: true }).waitFor();
  expect(await other.getByRole("button", { name: /Kill/ }).count()).toBe(0);
  await other.getByRole("link").click();
  await second.getByText("it went astray").first().waitFor();
  await stack.untilStatus(taskId, "killed");
});

it("a page that nobody looks at gives its connections back, and shows without a gap what happened meanwhile", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  const taskId = await stack.submit(nap, { title: "Killed while nobody looks" });
  await stack.untilStatus(taskId, "running");
  await visit(page, stack, `/tasks/${taskId}`);
  await page.getByText("chain holds").waitFor();
  const ended: string[] = [];
  page.on("requestfailed", (request) => void (request.url().includes("/events") && ended.push(request.url())));
  await page.evaluate(lookAway(true));
  await expect.poll(() => ended.length).toBe(2);
  await ask(
    stack.drover.api.POST("/api/orchestrator/tasks/{taskId}/kill", {
      params: { path: { taskId } },
      body: { reason: "nobody looked" },
    }),
  );
  await stack.untilStatus(taskId, "killed");
  expect(await page.getByText("nobody looked").count()).toBe(0);
  await page.evaluate(lookAway(false));
  await page.getByText("nobody looked").first().waitFor();
  await page.getByText("chain holds").waitFor();
});

const lookAway = (isHidden: boolean) => `
  Object.defineProperty(document, "visibilityState", { configurable: true, value: "${isHidden ? "hidden" : "visible"}" });
  document.dispatchEvent(new Event("visibilitychange"));`;

it("what waits is changed and withdrawn, and asked for again as a new task that names it", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  const params = { path: { workspace: "default" } };
  const turn = (act: "pause" | "resume") =>
    ask(
      stack.drover.api.POST(`/api/orchestrator/workspaces/{workspace}/${act}`, { params, body: { reason: "a test" } }),
    );
  await turn("pause");
  const taskId = await stack.submit("echo done > done.txt", { title: "Waits to be changed" });
  await visit(page, stack, `/tasks/${taskId}`);
  await page.getByRole("button", { name: "Edit" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Title").fill("Was changed");
  await dialog.getByLabel("Priority").fill("9");
  await dialog.getByLabel("What shall it do?").fill("Do it otherwise");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Was changed" }).waitFor();
  await page.getByText("9 of 10").waitFor();
  await page.getByText(/^until workspace default is resumed, because it was paused: a test$/).waitFor();
  await page.getByRole("tab", { name: "Prompt" }).click();
  await page.getByText("Do it otherwise").waitFor();
  await page.getByRole("button", { name: "Cancel the task" }).click();
  await act(page, "Withdraw", "not needed");
  await page.getByText("withdrawn", { exact: true }).waitFor();
  expect((await stack.untilStatus(taskId, "killed")).killed).toMatchObject({ cause: "cancelled" });
  await turn("resume");
  await page.getByRole("button", { name: "Retry as a new task" }).click();
  await page.getByText("Retry of").waitFor();
  await page.getByRole("link", { name: taskId }).waitFor();
  await page.locator(".status-completed").first().waitFor({ timeout: 60_000 });
});

it("a model's task shows what it spends of its budget, hears what one says to it, and is in the cost of today", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  const gate = Promise.withResolvers<void>();
  model.script = (_, said) => [{ tools: [mend] }, { tools: [bash("true")], gate: gate.promise }, done][said] ?? done;
  const asked = model.api.requests.length;
  const taskId = await model.submit({
    ...{ repository: stack.repository, title: "Take the discount off", prompt: "The discount is added" },
    ...{ limits: { dollars: 2 }, gates: { profile: "custom", gates: ["test"] } },
  });
  await model.api.reached(asked + 1);
  await visit(page, stack, `/tasks/${taskId}`);
  const budget = page.getByLabel("Budget");
  await budget.getByText(/^\$0\.\d+ of \$2\.00$/).waitFor();
  await budget.getByText(/set aside for the call under way/).waitFor();
  await page.getByRole("textbox", { name: "Message" }).fill("Mind the cents");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByLabel("Messages to the agent").getByText("Mind the cents").waitFor();
  await takePicture(page, "task-model");
  await expectAccessible(page);
  gate.resolve();
  await page.locator(".status-completed").first().waitFor({ timeout: 60_000 });
  expect(JSON.stringify(model.api.requests.at(-1)?.body.messages)).toContain("Mind the cents");
  await page.getByRole("tab", { name: "Transcript" }).click();
  await page.getByText("Mind the cents").first().waitFor();
  await visit(page, stack, "/");
  await page.getByRole("region", { name: /Spent today: \$0\.\d*[1-9]/ }).waitFor();
  await page.getByRole("region", { name: /Ended in 24 hours: 2 completed, 0 failed, 3 killed/ }).waitFor();
});

it("a provider out of quota is shown at its credential, and what waits for it runs once it is resumed", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  model.script = [{ error: { status: 429, type: "rate_limit_error", headers: { "retry-after": "3600" } } }];
  const taskId = await model.submit({
    repository: stack.repository,
    title: "Waits for quota",
    gates: { profile: "none" },
  });
  await visit(page, stack, "/credentials");
  await page.getByText(/out of quota until/).waitFor({ timeout: 60_000 });
  await takePicture(page, "out-of-quota");
  await visit(page, stack, `/tasks/${taskId}`);
  await page.getByText(/because the provider of its model is out of quota/).waitFor();
  await takePicture(page, "waits-for-quota");
  await visit(page, stack, "/");
  await page.getByText("The provider of anthropic is out of quota").waitFor();
  await visit(page, stack, "/credentials");
  model.script = (_, said) => [{ tools: [mend] }, done][said] ?? done;
  await page.getByRole("button", { name: "Resume its queue: anthropic" }).click();
  await act(page, "Resume", "the limit was raised");
  await page.getByText(/out of quota until/).waitFor({ state: "hidden" });
  await stack.untilStatus(taskId, "completed");
});

it("the emergency stop names what it stops in every workspace and kills it; a release admits again", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  const taskId = await stack.submit(nap, { title: "Runs until the stop" });
  await stack.untilStatus(taskId, "running");
  await page.getByRole("button", { name: "Stop…" }).click();
  await page.getByRole("menuitem", { name: "Emergency stop" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("1 live task", { exact: true }).waitFor();
  await expectAccessible(page);
  await takePicture(page, "emergency-stop");
  await act(page, "Stop everything", "a leaked key");
  await page.getByText(/1 of 1 task killed/).waitFor({ timeout: 60_000 });
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
  await page.getByText("Stopped: everything").waitFor();
  await expect(stack.submit("true")).rejects.toThrow(/stopped/);
  expect((await stack.untilStatus(taskId, "killed")).killed).toMatchObject({ cause: "emergency_stop" });
  await takePicture(page, "stopped");
  await page.getByRole("button", { name: "Release" }).click();
  await act(page, "Release", "the key is revoked");
  await page.getByText("Stopped: everything").waitFor({ state: "hidden" });
  const next = await until("a task is admitted", () => stack.submit("true", { title: "After the stop" }));
  await stack.untilStatus(next, "completed");
});

it("nothing that was shown threw an error or was forbidden by the policy", () => expect(browser.faults).toEqual([]));
