import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { useModel } from "../support/model.ts";
import { useReceiver } from "../support/receiver.ts";
import { expectAccessible, signIn, takePicture, useBrowser, visit } from "./browser.ts";
import { makeConnections, makeFleet } from "./fleet-of-many-states.ts";
import { useDashboardStack } from "./stack.ts";

const stack = useDashboardStack({ DROVER_WEBHOOKS_ALLOW_LOOPBACK: "true" });
const browser = useBrowser();
const model = useModel(stack);
const receiver = useReceiver();
let taskId = "";

beforeAll(async () => {
  taskId = await makeFleet(stack, model);
  await makeConnections(stack, receiver.url);
}, 180_000);

const paths = ["/", "/new", "/schedules", "/sources", "/webhooks", "/backends", "/keys", "/credentials", "/audit"];
const tabs = ["Log", "Diff", "Gates", "Prompt"];

const overflowOf = (page: Page) =>
  page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");

describe.each([
  ["light", 1280],
  ["dark", 1280],
  ["light", 390],
  ["dark", 390],
] as const)("in the %s theme at a width of %i", (colorScheme, width) => {
  it("every page is accessible and fits", async () => {
    const page = await browser.open({ colorScheme, viewport: { width, height: 860 } });
    await signIn(page, stack);
    for (const path of paths) {
      await visit(page, stack, path);
      if (path === "/") await page.getByRole("region", { name: /Spent today: \$/ }).waitFor();
      if (path === "/") await page.getByText("acme/website").first().waitFor();
      await takePicture(page, `page${path.replace("/", "-")}-${colorScheme}-${width}`);
      await expectAccessible(page);
      expect(await overflowOf(page), path).toBe(0);
    }
    await visit(page, stack, `/tasks/${taskId}`);
    await page.getByText("chain holds").waitFor();
    for (const tab of tabs) {
      await page.getByRole("tab", { name: tab }).click();
      if (tab === "Log") await page.getByText("three files changed").first().waitFor();
      if (tab === "Diff") await page.getByRole("button", { name: /README/ }).waitFor();
      if (tab === "Gates")
        await page
          .getByRole("button", { name: /passed.*test/ })
          .first()
          .waitFor();
      await takePicture(page, `task-${tab.toLowerCase()}-${colorScheme}-${width}`);
      await expectAccessible(page);
      expect(await overflowOf(page), tab).toBe(0);
    }
    await visit(page, stack, "/");
    await page.getByText("acme/website").first().waitFor();
    await takePicture(page, `fleet-${colorScheme}-${width}`);
  });
});

it("with the keyboard alone one signs in, finds a task, kills it and comes back", async () => {
  const page = await browser.open();
  const victim = await stack.submit("sleep 600", { title: "Killed by keyboard" });
  await page.goto(stack.url);
  await tabTo(page, "API key");
  await page.keyboard.type(stack.apiKey);
  await page.keyboard.press("Enter");
  await page
    .getByRole("link", { name: /Killed by keyboard/ })
    .getByText("running")
    .waitFor({ timeout: 60_000 });
  await tabTo(page, "Search");
  await page.keyboard.type("by keyboard");
  await page.getByText("1 task shown").waitFor();
  await tabTo(page, /Killed by keyboard/);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Kill", exact: true }).waitFor();
  await tabTo(page, "Kill");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await expect.poll(() => focusedName(page)).toBe("Kill");
  await page.keyboard.press("Enter");
  // The dialog begins at its field.
  await page.getByRole("dialog").getByLabel("Reason").waitFor();
  await page.keyboard.type("by keyboard");
  await tabTo(page, "Kill now");
  await page.keyboard.press("Enter");
  await page.getByText(/while running/).waitFor();
  await stack.untilStatus(victim, "killed");
});

const maxTabs = 60;

async function focusedName(page: Page): Promise<string> {
  const script = `(() => {
    const at = document.activeElement;
    const label = at?.labels?.[0]?.textContent;
    return (at?.getAttribute("aria-label") ?? label ?? at?.textContent ?? "").trim();
  })()`;
  return (await page.evaluate(script)) as string;
}

async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const seen: string[] = [];
  for (let n = 0; n < maxTabs; n += 1) {
    const at = await focusedName(page);
    if (typeof name === "string" ? at.replace(/\s*\*$/, "") === name : name.test(at)) return;
    seen.push(at.slice(0, 40));
    await page.keyboard.press("Tab");
  }
  throw new Error(`no ${name} among ${JSON.stringify(seen)}`);
}

it("a part of the page that cannot be loaded says so, and the rest goes on", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  await page.route("**/assets/keys-page*", (route) => route.abort());
  await page.getByRole("link", { name: "API keys" }).click();
  await page.getByText("This part of the page could not be loaded").waitFor();
  await expectAccessible(page);
  await page.getByRole("link", { name: "Fleet" }).click();
  await page.getByRole("heading", { name: /Fleet/ }).waitFor();
  await page.unroute("**/assets/keys-page*");
  await page.getByRole("link", { name: "API keys" }).click();
  await page.getByRole("button", { name: "Load the page again" }).click();
  await page.getByRole("heading", { name: /API keys/ }).waitFor();
});

it("a key is made, shown once, and ends the session that it began when it is revoked", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  await visit(page, stack, "/keys");
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByLabel("Name").fill("somebody else");
  await page.getByRole("button", { name: "Make it" }).click();
  const apiKey = (await page.getByRole("dialog").locator("code, pre").first().textContent())?.trim() ?? "";
  expect(apiKey).toMatch(/^drv_/);
  await page.getByRole("button", { name: "I have it" }).click();
  const member = await browser.open();
  await signIn(member, stack, apiKey);
  expect(await member.getByRole("link", { name: "API keys" }).count()).toBe(0);
  expect(await member.getByRole("button", { name: "Stop…" }).count()).toBe(0);
  await visit(member, stack, "/new");
  await page.getByRole("button", { name: "Revoke: somebody else" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByText("revoked", { exact: true }).waitFor();
  await member.getByText("Your session has ended").waitFor({ timeout: 30_000 });
  await takePicture(member, "session-ended");
  await expectAccessible(member);
  await member.getByLabel("API key").fill(stack.apiKey);
  await member.getByRole("button", { name: "Sign in" }).click();
  await member.getByRole("heading", { name: "New task" }).waitFor();
});

it("a credential is stored and listed by its name alone", async () => {
  const page = await browser.open();
  await signIn(page, stack);
  await visit(page, stack, "/credentials");
  await page.getByRole("button", { name: "New credential" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Store" }).click();
  await dialog.getByText("Paste the token").waitFor();
  await dialog.getByLabel("Name", { exact: false }).first().fill("Not Good");
  await dialog.getByRole("textbox", { name: "Token" }).fill("s3cret-token");
  await dialog.getByRole("button", { name: "Store" }).click();
  await dialog
    .getByText(/use lower-case letters/)
    .first()
    .waitFor();
  await dialog.getByLabel("Name", { exact: false }).first().fill("github");
  await dialog.getByRole("button", { name: "Store" }).click();
  await page.getByRole("cell", { name: "github", exact: true }).waitFor();
  expect(await page.content()).not.toContain("s3cret-token");
  await page.getByRole("button", { name: "Remove: github" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.getByRole("cell", { name: "github", exact: true }).waitFor({ state: "hidden" });
});

it("nothing that was shown threw an error or was forbidden by the policy", () => expect(browser.faults).toEqual([]));
