// A real browser on the dashboard of a real stack: signing in, looking for accessibility faults, taking pictures.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { DashboardStack } from "./stack.ts";

export const chromiumPath = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
/** Where the pictures go, for people to look at. */
const pictures = process.env.DROVER_E2E_PICTURES ?? join(tmpdir(), "drover-e2e");
const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

const quiet = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
];

export interface TestBrowser {
  /** A browser of its own, with its own cookies. What its pages throw or what the policy forbids fails the test. */
  open(options?: BrowserContextOptions): Promise<Page>;
  faults: string[];
}

export function useBrowser(): TestBrowser {
  let browser: Browser | undefined;
  const faults: string[] = [];
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: chromiumPath, args: quiet });
    mkdirSync(pictures, { recursive: true });
  });
  // A page that stays open goes on asking, at the cost of the story after it.
  afterEach(() => Promise.all((browser?.contexts() ?? []).map((context) => context.close())));
  afterAll(() => browser?.close());
  return {
    faults,
    async open(options = {}) {
      if (!browser) throw new Error("the browser is not up");
      const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
      const page = await context.newPage();
      page.on("pageerror", (error) => faults.push(error.message));
      page.on("console", (message) => {
        if (/Content Security Policy|Maximum update depth|Each child in a list/.test(message.text()))
          faults.push(message.text());
      });
      return page;
    },
  };
}

export async function signIn(
  page: Page,
  stack: Pick<DashboardStack, "url" | "apiKey">,
  apiKey = stack.apiKey,
): Promise<void> {
  await page.goto(stack.url);
  await page.getByLabel("API key").fill(apiKey);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: /Fleet/ }).waitFor();
  await page.getByText("live", { exact: true }).first().waitFor();
}

/** A page of its own address, once it shows what it is about. */
export async function visit(page: Page, stack: DashboardStack, path: string): Promise<void> {
  await page.goto(`${stack.url}/#${path}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.getByLabel("Loading").waitFor({ state: "detached" });
}

/** Says why in the dialog that is open, does it, and waits until it is done. */
export async function act(page: Page, word: string, reason: string): Promise<void> {
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill(reason);
  await dialog.getByRole("button", { name: word, exact: true }).click();
  await dialog.getByLabel("Reason").waitFor({ state: "detached" });
}

export async function takePicture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

/** WCAG 2.2 AA, as far as a program can tell. */
export async function expectAccessible(page: Page): Promise<void> {
  // As a file of the page's own it would need a hole in the policy; a debugger needs none.
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(readAxe());
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  const found = (await page.evaluate(`axe.run(document, { runOnly: ${JSON.stringify(tags)} })`)) as AxeResult;
  const words = found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}\n  ${html.slice(0, 200)}\n  ${failureSummary}`),
  );
  expect(words).toEqual([]);
}

interface AxeResult {
  violations: { id: string; help: string; nodes: { html: string; failureSummary: string }[] }[];
}

const readAxe = () => readFileSync(axePath, "utf8");
