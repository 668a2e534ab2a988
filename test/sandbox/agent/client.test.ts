import { expect, it, onTestFinished, vi } from "vitest";
import { openModelClient } from "../../../functions/sandbox/agent/client.ts";
import { modelNamed, openStage } from "./stage.ts";

it("Bedrock is another server, which knows the models by other names", () => {
  const bedrock = openModelClient({ apiKey: "k", provider: "bedrock", region: "eu-central-1" });
  expect(bedrock.nameOf(modelNamed("claude-opus-5-5"))).toBe("global.anthropic.claude-opus-5-5");
  expect(bedrock.messages).toHaveProperty(
    "_client.baseURL",
    "https://bedrock-runtime.eu-central-1.amazonaws.com/anthropic",
  );
  const anthropic = openModelClient({ apiKey: "k", provider: "anthropic" });
  expect(anthropic.nameOf(modelNamed("claude-opus-5-5"))).toBe("claude-opus-5-5");
  expect(anthropic.messages).toHaveProperty("_client.baseURL", "https://api.anthropic.com");
});

it("nothing in the environment changes whom it asks, or with which key", async () => {
  vi.stubEnv("ANTHROPIC_API_KEY", "sk-of-somebody-else");
  vi.stubEnv("ANTHROPIC_AUTH_TOKEN", "token-of-somebody-else");
  vi.stubEnv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9");
  onTestFinished(() => void vi.unstubAllEnvs());
  const { api, conversation } = await openStage([{ text: "Here." }]);
  expect(await conversation.run("Go.")).toMatchObject({ kind: "done" });
  expect(api.requests[0]?.headers.authorization).toBe(`Bearer ${api.key}`);
  expect(JSON.stringify(api.requests[0])).not.toContain("somebody-else");
});
