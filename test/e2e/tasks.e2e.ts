import { expect, it } from "vitest";
import { until } from "../support/stack.ts";
import { expectAccessible, signIn, takePicture, useBrowser } from "./browser.ts";
import { countProcesses, useDashboardStack } from "./stack.ts";

const stack = useDashboardStack();
const browser = useBrowser();

it("a wrong key is told so, and a good one leads to the fleet, kept by a cookie that no script sees", async () => {
  const page = await browser.open();
  await page.goto(stack.url);
  await expectAccessible(page);
  await page.getByLabel("API key").fill("drv_wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Send a valid API key").waitFor();
  await signIn(page, stack);
  await page.reload();
  await page.getByRole("heading", { name: /Fleet/ }).waitFor();
  const kept = await page.evaluate(
    "document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage) + location.href",
  );
  expect(kept).not.toContain("drv_");
  expect(kept).not.toContain("drover_session");
  await page.getByRole("button", { name: /Signed in as/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByLabel("API key").waitFor();
});

it("a task appears by itself, moves through its states, and shows its log, diff and chain", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  const taskId = await stack.submit("sed -i s/var/const/ src/greet.js; echo one; sleep 1; echo two", {
    title: "Turn var into const",
    labels: ["cleanup"],
  });
  const row = page.getByRole("link", { name: /Turn var into const/ });
  await row.waitFor();
  await row.getByText("completed").waitFor({ timeout: 60_000 });
  await row.click();
  await page.getByText("chain holds").waitFor();
  await page.getByText("two", { exact: false }).first().waitFor();
  await page.getByRole("tab", { name: "Diff" }).click();
  await page.getByRole("button", { name: /src\/greet.js/ }).waitFor();
  await page.getByText("const", { exact: true }).first().waitFor();
  await takePicture(page, "task-diff-light");
  await expectAccessible(page);
  expect((await stack.untilStatus(taskId, "completed")).branch).toBe(`drover/${taskId}`);
});

it("a kill from the page says what it stops, and ends the process on the machine", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  const mark = `sleep 98${process.pid}`;
  const taskId = await stack.submit(`echo begun; ${mark}`, { title: "Sleeps for long" });
  await page.getByRole("link", { name: /Sleeps for long/ }).click();
  await page.getByText("begun").first().waitFor({ timeout: 60_000 });
  expect(countProcesses(mark)).toBeGreaterThan(0);
  await page.getByRole("button", { name: "Kill", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/is running, attempt 1 of 3/).waitFor();
  expect(await dialog.getByRole("button", { name: "Kill now" }).isDisabled()).toBe(true);
  await takePicture(page, "kill-dialog");
  await expectAccessible(page);
  await dialog.getByLabel("Reason").fill("it sleeps");
  await dialog.getByRole("button", { name: "Kill now" }).click();
  await page.getByText(/while running/).waitFor();
  await until("the process is gone", async () => countProcesses(mark) === 0);
  const task = await stack.untilStatus(taskId, "killed");
  expect(task.killed).toMatchObject({ reason: "it sleeps", from: "running" });
  await page.getByText(/Nothing of it runs any more/).waitFor({ timeout: 30_000 });
});

it("a task is asked for by the form; what is wrong is said beside its field", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  await page.getByRole("link", { name: "New task" }).first().click();
  await page.getByRole("button", { name: "Submit the task" }).click();
  await page.getByText("Say where the code is").waitFor();
  await page.getByText("A command", { exact: true }).click();
  await page.getByLabel("Repository").fill("/nowhere/at/all");
  await page.getByLabel("What is it for?").fill("Write a file");
  await page.getByRole("textbox", { name: "Command" }).fill("echo from the form > made.txt");
  await page.getByRole("combobox", { name: "Labels" }).fill("Not A Label");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Submit the task" }).click();
  await page.getByText("use lower-case letters, digits and").first().waitFor();
  await takePicture(page, "form-errors");
  await expectAccessible(page);
  await page.getByRole("combobox", { name: "Labels" }).press("Backspace");
  await page.getByRole("button", { name: "Submit the task" }).click();
  await page.getByText("The task was not made").waitFor();
  await page.getByLabel("Repository").fill(stack.repository);
  await page.getByLabel(/YOLO/).check();
  await page.getByLabel("Why are they skipped?").fill("a test");
  await page.getByRole("button", { name: "Submit the task" }).click();
  await page.getByRole("heading", { name: "Write a file" }).waitFor();
  await page.getByText("YOLO", { exact: true }).waitFor();
  await page.locator(".status-completed").first().waitFor({ timeout: 60_000 });
});

it("nothing that was shown threw an error or was forbidden by the policy", () => expect(browser.faults).toEqual([]));
