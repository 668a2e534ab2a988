import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { drover, toStack } from "../support/drover.ts";
import { useForge } from "../support/forge.ts";
import { headersOf, labelled, sign } from "../support/forge-hooks.ts";
import { isSigned, useReceiver } from "../support/receiver.ts";
import { call, until } from "../support/stack.ts";
import { act, expectAccessible, signIn, takePicture, useBrowser, visit } from "./browser.ts";
import { useDashboardStack } from "./stack.ts";

const token = "tok_of_the_forge";
const stack = useDashboardStack({ DROVER_WEBHOOKS_ALLOW_LOOPBACK: "true" });
const browser = useBrowser();
const receiver = useReceiver();
const forge = useForge("github", token);

it("a webhook is added with a secret that is shown once, and what it was sent is sent again", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  await visit(page, stack, "/webhooks");
  await page.getByText("There are none yet", { exact: false }).waitFor();
  await page.getByRole("button", { name: "New webhook" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("URL").fill("ftp://nowhere");
  await dialog.getByRole("button", { name: "Add" }).click();
  await dialog.getByText("It was refused").waitFor();
  await dialog.getByLabel("URL").fill(`${receiver.url}/ended`);
  await dialog.getByRole("button", { name: "Add" }).click();
  const secret = (await dialog.locator("pre, code").first().textContent())?.trim() ?? "";
  expect(secret).toMatch(/^whsec_/);
  await dialog.getByRole("button", { name: "I have it" }).click();
  await stack.untilStatus(await stack.submit("true", { title: "Is told of" }), "completed");
  await page.getByRole("button", { name: /^Deliveries: / }).click();
  await page.getByRole("cell", { name: "delivered" }).waitFor({ timeout: 60_000 });
  await takePicture(page, "deliveries");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Send again" }).click();
  await until("it came again", async () => receiver.received.length === 2);
  const [first, again] = receiver.received;
  expect(again?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
  expect(receiver.received.every((one) => isSigned(one, secret))).toBe(true);
  await page.getByRole("button", { name: /^Remove: / }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.getByText("There are none yet", { exact: false }).waitFor();
});

it("a backend is added and found unreachable; one that is revoked loses its tasks until it is released", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  await visit(page, stack, "/backends");
  await page.getByRole("button", { name: "Add backend" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Name").fill("far");
  await form.getByLabel("Cluster").fill("c");
  await form.getByLabel("Endpoint").fill("http://127.0.0.1:9");
  await form.getByRole("button", { name: "Add" }).click();
  const far = page.getByRole("row").filter({ hasText: "far" });
  await far.getByText("not reachable").waitFor();
  const taskId = await stack.submit("sleep 600", { title: "Runs on the backend" });
  await stack.untilStatus(taskId, "running");
  const own = page.getByRole("row").filter({ hasText: "default" });
  await own.getByRole("cell", { name: "1", exact: true }).waitFor({ timeout: 60_000 });
  await page.getByRole("button", { name: "Revoke: default" }).click();
  await page.getByRole("dialog").getByText("1 live attempt", { exact: true }).waitFor();
  await takePicture(page, "revoke-backend");
  await act(page, "Revoke", "the cluster is not ours any more");
  await page.getByText(/1 of 1 task killed/).waitFor({ timeout: 60_000 });
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
  expect((await stack.untilStatus(taskId, "killed")).killed).toMatchObject({ cause: "backend_revoked" });
  await own.getByText("revoked").waitFor();
  await expect(stack.submit("true")).rejects.toThrow();
  await page.getByRole("button", { name: "Release: default" }).click();
  await act(page, "Release", "it is ours again");
  await own.getByText("reachable", { exact: false }).waitFor();
  const next = await until("a task is admitted", () => stack.submit("true", { title: "After the release" }));
  await stack.untilStatus(next, "completed");
});

it("a schedule is made by the form, asked for at once, paused, changed and removed", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  await visit(page, stack, "/schedules");
  await page.getByRole("button", { name: "New schedule" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("nightly-audit");
  await dialog.getByLabel("When").first().fill("at midnight");
  await dialog.getByText("A command", { exact: true }).click();
  await dialog.getByLabel("Repository").fill(stack.repository);
  await dialog.getByLabel("What is it for?").fill("Audit the dependencies");
  await dialog.getByRole("textbox", { name: "Command" }).fill("date > audited.txt");
  await dialog.getByRole("button", { name: "Add" }).click();
  await dialog
    .getByText(/is not like 0 3/)
    .first()
    .waitFor();
  await takePicture(page, "schedule-form");
  await expectAccessible(page);
  await dialog.getByLabel("When").first().fill("0 3 * * 1-5");
  await dialog.getByRole("button", { name: "Add" }).click();
  const row = page.getByRole("row").filter({ hasText: "nightly-audit" });
  await row.getByText("not yet").waitFor();
  await row.getByRole("button", { name: "Run now: nightly-audit" }).click();
  await page.getByRole("heading", { name: "Audit the dependencies" }).waitFor();
  await page.locator(".status-completed").first().waitFor({ timeout: 60_000 });
  await page.getByRole("link", { name: "Schedules" }).click();
  await page.getByRole("button", { name: "Pause: nightly-audit" }).click();
  await row.getByText("paused").waitFor();
  await page.getByRole("button", { name: "Edit: nightly-audit" }).click();
  await dialog.getByLabel("When").first().fill("@daily");
  await dialog.getByRole("textbox", { name: "Command" }).fill("date > changed.txt");
  await dialog.getByRole("button", { name: "Save" }).click();
  await row.getByText("@daily").waitFor();
  const kept = (await call(stack, "GET", "/api/orchestrator/workspaces/default/schedules")).body.schedules[0];
  expect(kept.task).toMatchObject({
    prompt: "Audit the dependencies",
    agent: { command: ["sh", "-c", "date > changed.txt"] },
  });
  await page.getByRole("button", { name: "Remove: nightly-audit" }).click();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await page.getByText("There are none yet", { exact: false }).waitFor();
});

it("a source is made by the form; a labelled issue becomes a task, and the comment on it is tried again", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  const shop = stack.repository.replace("website.git", "shop.git");
  const repositories = [shop.replace("shop.git", "*")];
  const credential = { token, repositories, forge: { kind: "github", apiUrl: forge.apiUrl } };
  await call(stack, "PUT", "/api/orchestrator/workspaces/default/credentials/forge", credential);
  await visit(page, stack, "/sources");
  await page.getByRole("button", { name: "New source" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Name" }).fill("shop-issues");
  await dialog.getByRole("button", { name: "Add" }).click();
  await dialog.getByText("Say of which", { exact: false }).waitFor();
  await dialog.getByRole("combobox", { name: "Repositories" }).fill(repositories[0] ?? "");
  await page.keyboard.press("Enter");
  await dialog.getByRole("combobox", { name: "Credential", exact: true }).fill("forge");
  await dialog.getByText("A command", { exact: true }).click();
  await dialog.getByRole("textbox", { name: "Command" }).fill("date > mended.txt");
  await dialog.getByRole("button", { name: "Gates, limits, queue and result" }).click();
  await dialog.getByLabel("Open a pull request").uncheck();
  await takePicture(page, "source-form");
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Add" }).click();
  await dialog.getByText("Tell the forge of shop-issues").waitFor();
  const [address = "", secret = ""] = await dialog.locator("pre, code").allTextContents();
  await dialog.getByRole("button", { name: "I have it" }).click();
  const body = JSON.stringify(labelled(shop, "drover"));
  const headers = { "content-type": "application/json", ...headersOf("github", "issues", sign(secret.trim(), body)) };
  const answer = await fetch(address.trim(), { method: "POST", body, headers });
  expect(answer.status).toBe(202);
  const { taskId } = (await answer.json()) as { taskId: string };
  await stack.untilStatus(taskId, "completed");
  await visit(page, stack, `/tasks/${taskId}`);
  const comment = page.getByLabel("Comment on the issue");
  await comment.getByRole("cell", { name: "delivered" }).waitFor({ timeout: 60_000 });
  await takePicture(page, "comment");
  const tries = forge.asked.length;
  await comment.getByRole("button", { name: "Send again" }).click();
  await until("it was tried again", async () => forge.asked.length > tries);
  expect(forge.comments).toHaveLength(1);
  await visit(page, stack, "/sources");
  await page.getByRole("button", { name: "Remove: shop-issues" }).click();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await page.getByText("There are none yet", { exact: false }).waitFor();
  expect((await fetch(address.trim(), { method: "POST", body, headers })).status).toBe(401);
});

it("the audit log is downloaded, and what was downloaded is verified offline", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  await visit(page, stack, "/audit");
  await page.getByText("Everything", { exact: true }).click();
  const save = async (name: string) => {
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name }).click()]);
    return file.path();
  };
  // Before the log: a digest that is written between the two would list what the log does not have yet.
  const [digests, log] = [await save("Download the digests"), await save("Download the log")];
  expect(readFileSync(log, "utf8")).toContain("the cluster is not ours any more");
  const key = (await page.getByText(/^ed25519 /).textContent())?.split(" ")[1] ?? "";
  const verify = ["verify", "--export", log, "--digests", digests, "--public-key", key];
  expect(await drover(verify, { env: toStack(stack) })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("0 findings"),
  });
});

it("nothing that was shown threw an error or was forbidden by the policy", () => expect(browser.faults).toEqual([]));
