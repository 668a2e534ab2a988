import type { Locator, Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import { call } from "../support/stack.ts";
import { expectAccessible, signIn, takePicture, useBrowser, visit } from "./browser.ts";
import { useDashboardStack } from "./stack.ts";

const stack = useDashboardStack({ DROVER_WEBHOOKS_ALLOW_LOOPBACK: "true" });
const browser = useBrowser();
const workspace = "/api/orchestrator/workspaces/default";
const model = "claude-sonnet-5";

beforeAll(async () => {
  const repositories = [stack.repository.replace("website.git", "*")];
  await call(stack, "PUT", `${workspace}/credentials/git-token`, {
    ...{ token: "a-token", repositories, forge: { kind: "gitea" } },
  });
  await call(stack, "PUT", `${workspace}/credentials/team`, { token: "a-key", model: {} });
});

/** As a person fills them in: by the words beside them. */
function fieldsOf(page: Page, form: Locator) {
  /** What must be filled in has a star behind its name. */
  const nameOf = (label: string) => new RegExp(`^${label.replaceAll("?", "\\?")}( \\*)?$`);
  const box = (label: string) => form.getByRole("textbox", { name: nameOf(label) });
  const list = (label: string) => form.getByRole("combobox", { name: nameOf(label) });
  return {
    type: (label: string, text: string) => box(label).fill(text),
    pick: async (label: string, text: string) => {
      await list(label).fill(text);
      await list(label).press("Tab");
    },
    add: async (label: string, text: string) => {
      await list(label).fill(text);
      await list(label).press("Enter");
    },
    choose: async (label: string, ...options: string[]) => {
      await list(label).press("ArrowDown");
      for (const option of options) await page.getByRole("option", { name: option, exact: true }).click();
      await list(label).press("Tab");
    },
    check: (label: string) => form.getByLabel(label).check(),
  };
}

/** In the reader's own time, to the minute, as such a field has it. */
function inDays(days: number): { local: string; iso: string } {
  const at = new Date(Math.floor(Date.now() / 60_000) * 60_000 + days * 86_400_000);
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  return { local, iso: at.toISOString() };
}

/** Whatever a task may be asked for, beside what an issue or a clock says of it. */
async function fillTemplate(page: Page, form: Locator, isFolded: boolean): Promise<void> {
  const { type, pick, add, choose, check } = fieldsOf(page, form);
  await type("Branch", "main");
  await pick("Credential", "git-token");
  await choose("Type", "tester");
  await type("Model", model);
  await pick("Model's credential", "team");
  await add("Skills", "audit");
  if (isFolded) await form.getByRole("button", { name: "Gates, limits, queue and result" }).click();
  await choose("Profile", "custom: choose");
  await choose("Gates", "test", "lint");
  await add("May change what gates rest on", "package.json");
  await check("YOLO: skip the gates");
  await type("Why are they skipped?", "a drill");
  await type("Minutes", "7");
  await type("Dollars", "2.5");
  await type("Tokens", "900000");
  await type("Turns", "12");
  await type("Rejections", "2");
  await type("Priority", "8");
  await type("Attempts at most", "4");
  await add("Labels", "deps");
  await choose("Backend", "default");
  await check("Open a pull request");
  await check("As a draft");
  await type("Into", "next");
}

const template = {
  ...{ branch: "main", credential: "git-token", priority: 8, maxAttempts: 4, labels: ["deps"], backend: "default" },
  agent: { kind: "model", type: "tester", model, credential: "team", skills: ["audit"] },
  limits: { wallClockMs: 420_000, dollars: 2.5, tokens: 900_000, turns: 12, rejections: 2 },
  ...{ gates: { gates: ["test", "lint"] }, allowConfigChanges: ["package.json"], yolo: { reason: "a drill" } },
  pullRequest: { draft: true, base: "next" },
};

it("every field of the form for a new task arrives, and so does every field of the dialog that changes it while it waits", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  await visit(page, stack, "/new");
  const form = page.locator("form");
  const { type } = fieldsOf(page, form);
  await type("Repository", stack.repository);
  await type("What shall it do?", "Audit the dependencies");
  await fillTemplate(page, form, false);
  await type("Title", "An audit");
  const tomorrow = inDays(1);
  await form.getByLabel("Not before").fill(tomorrow.local);
  await page.getByRole("button", { name: "Submit the task" }).click();
  await page.getByRole("heading", { name: "An audit" }).waitFor();
  const taskId = page.url().split("/").at(-1);
  const read = async () => (await call(stack, "GET", `/api/orchestrator/tasks/${taskId}`)).body;
  const { branch, limits, pullRequest, gates, ...same } = template;
  const { dollars, ...rest } = limits;
  expect(await read()).toMatchObject({
    ...same,
    ...{ repository: stack.repository, prompt: "Audit the dependencies", title: "An audit", baseBranch: branch },
    ...{ notBefore: tomorrow.iso, limits: { ...rest, microDollars: dollars * 1_000_000 } },
    ...{ gates: { ...gates, profile: "custom", chosenBy: "request" }, pullRequest },
  });

  await page.getByRole("button", { name: "Edit" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Title").waitFor();
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    await takePicture(page, `edit-dialog-${colorScheme}`);
    await expectAccessible(page);
  }
  const edit = fieldsOf(page, dialog);
  await edit.type("Title", "A better audit");
  await edit.type("What shall it do?", "Audit them all");
  await edit.choose("Profile", "minimal: test");
  await edit.add("May change what gates rest on", "tsconfig.json");
  await edit.type("Minutes", "9");
  await edit.type("Dollars", "3");
  await edit.type("Tokens", "800000");
  await edit.type("Turns", "13");
  await edit.type("Rejections", "1");
  await edit.type("Priority", "2");
  await edit.type("Attempts at most", "5");
  const later = inDays(2);
  await dialog.getByLabel("Not before").fill(later.local);
  await edit.add("Labels", "urgent");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "A better audit" }).waitFor();
  expect(await read()).toMatchObject({
    ...{ version: 2, title: "A better audit", prompt: "Audit them all", priority: 2, maxAttempts: 5 },
    ...{ labels: ["deps", "urgent"], allowConfigChanges: ["package.json", "tsconfig.json"], notBefore: later.iso },
    limits: { wallClockMs: 540_000, microDollars: 3_000_000, tokens: 800_000, turns: 13, rejections: 1 },
    gates: { profile: "minimal", gates: ["test"], chosenBy: "request" },
    ...{ agent: same.agent, pullRequest, baseBranch: branch },
  });
});

it("every field of the form for a schedule arrives", async () => {
  const page = await browser.open({ colorScheme: "dark" });
  await signIn(page, stack);
  await visit(page, stack, "/schedules");
  await page.getByRole("button", { name: "New schedule" }).click();
  const dialog = page.getByRole("dialog");
  const { type, pick, choose } = fieldsOf(page, dialog);
  await type("Name", "weekly-audit");
  await pick("When", "30 4 * * 1");
  await choose("Time zone", "UTC");
  await type("Repository", stack.repository);
  await type("What shall it do?", "Audit the dependencies");
  await fillTemplate(page, dialog, true);
  await type("Title", "The weekly audit");
  await takePicture(page, "schedule-filled-dark");
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Add" }).click();
  await page.getByRole("row").filter({ hasText: "weekly-audit" }).waitFor();
  const [kept] = (await call(stack, "GET", `${workspace}/schedules`)).body.schedules;
  expect(kept).toMatchObject({ name: "weekly-audit", cron: "30 4 * * 1", timezone: "UTC", paused: false });
  const said = { repository: stack.repository, prompt: "Audit the dependencies", title: "The weekly audit" };
  expect(kept.task).toEqual({ ...template, ...said });
});

it("every field of the form for a source arrives", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  await visit(page, stack, "/sources");
  await page.getByRole("button", { name: "New source" }).click();
  const dialog = page.getByRole("dialog");
  const { type, add, choose } = fieldsOf(page, dialog);
  await type("Name", "forge-issues");
  await choose("Forge", "Gitea or Forgejo");
  await add("Repositories", "https://git.example.com/acme/*");
  await type("Label", "agent");
  await type("Assigned to", "drover-bot");
  await type("Comment that begins with", "/agent");
  await add("Users who may comment", "maria");
  await fillTemplate(page, dialog, true);
  await dialog.getByRole("button", { name: "Add" }).click();
  await dialog.getByText("Tell the forge of forge-issues").waitFor();
  const [kept] = (await call(stack, "GET", `${workspace}/sources`)).body.sources;
  expect(kept).toMatchObject({
    ...{ name: "forge-issues", kind: "gitea", repositories: ["https://git.example.com/acme/*"] },
    ...{ trigger: { label: "agent", assignee: "drover-bot", command: "/agent" }, allowedUsers: ["maria"] },
  });
  expect(kept.task).toEqual(template);
});

it("every field of the form for a webhook arrives", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  await visit(page, stack, "/webhooks");
  await page.getByRole("button", { name: "New webhook" }).click();
  const dialog = page.getByRole("dialog");
  const { type, choose } = fieldsOf(page, dialog);
  await type("URL", "http://127.0.0.1:9/drover");
  await choose("Of what", "task.completed", "task.killed");
  await dialog.getByRole("button", { name: "Add" }).click();
  await dialog.getByText("The webhook's secret").waitFor();
  const [kept] = (await call(stack, "GET", `${workspace}/webhooks`)).body.webhooks;
  expect(kept).toMatchObject({ url: "http://127.0.0.1:9/drover", events: ["task.failed", "task.escalated"] });
});

it("nothing that was shown threw an error or was forbidden by the policy", () => expect(browser.faults).toEqual([]));
