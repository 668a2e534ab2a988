import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { type Script, startMessagesApi } from "../support/messages-api.ts";

const script = resolve(import.meta.dirname, "../../scripts/check-model.ts");
const mend = "sed -i 's/item.cents,/item.cents * item.count,/' basket.js && npm test";
const approval = { approved: true, confidence: 0.95, reason: "It is right." };
const verdict = JSON.stringify({ findings: [], review: approval, completion: approval });

async function check(answers: Script, env: Record<string, string> = {}) {
  const api = await startMessagesApi(answers);
  onTestFinished(() => api.close());
  const child = spawn(process.execPath, [script], {
    env: { ...process.env, ANTHROPIC_API_KEY: api.key, ANTHROPIC_BASE_URL: api.url, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
  const [code] = await once(child, "exit");
  return { api, said, code };
}

it("a model that does the small task passes, and what it cost is shown, but not the key", async () => {
  const { api, said, code } = await check((request, number) => {
    if (request.output_config?.format) return { text: verdict };
    return number === 0 ? { tools: [{ name: "bash", input: { command: mend } }] } : { text: "Mended." };
  });
  expect(said).toMatch(/ok {5}the task is completed/);
  expect(said).toMatch(/ok {5}the branch changes basket\.js/);
  expect(said).toMatch(/ok {5}the provider's cache was read/);
  expect(said).toMatch(/In all \$0\.\d+/);
  expect(said).not.toMatch(/FAILED/);
  expect(code).toBe(0);
  expect(said).not.toContain(api.key);
}, 120_000);

it("a model that does nothing fails the check", async () => {
  const { said, code } = await check(() => ({ text: "I would rather not." }));
  expect(said).toMatch(/FAILED the branch changes basket\.js/);
  expect(code).toBe(1);
}, 120_000);

it("a key that cannot be sent is refused at the start, and not shown", async () => {
  const { said, code } = await check([], { ANTHROPIC_API_KEY: "sk-CANARY\nof two lines" });
  expect(said).toMatch(/ANTHROPIC_API_KEY may hold only printable/);
  expect(said).not.toContain("CANARY");
  expect(code).toBe(1);
});

it("without a key it says what to set", async () => {
  const { said, code } = await check([], { ANTHROPIC_API_KEY: "" });
  expect(said).toMatch(/no ANTHROPIC_API_KEY[\s\S]*--dollars/);
  expect(code).toBe(1);
});
