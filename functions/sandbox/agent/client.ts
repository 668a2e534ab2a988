// How does the supervisor reach a model: which server, with which key?
import Anthropic from "@anthropic-ai/sdk";
import type { ModelProfile } from "../../core/models.ts";

export interface ModelAccess {
  /** In memory only: never in the environment, a file, the transcript or a message. */
  apiKey: string;
  /** `bedrock` is Amazon Bedrock's Messages API, with a Bedrock API key. */
  provider: "anthropic" | "bedrock";
  /** Any server that speaks the Messages API, instead of the provider's own. */
  baseUrl?: string | undefined;
  /** Of Bedrock. */
  region?: string | undefined;
}

/** What the conversation needs to make a call. */
export interface ModelClient {
  messages: Anthropic["messages"];
  /** The name under which this server knows the model. */
  nameOf(model: ModelProfile): string;
  /** Takes the key out of a text, wherever it came from. */
  redact(text: string): string;
}

const defaultRegion = "us-east-1";
/** For the headers of an answer, which come once a long prompt is read. */
const headersTimeoutMs = 5 * 60_000;

export function openModelClient(access: ModelAccess): ModelClient {
  // Everything that the SDK would else look for in the environment is given here, so that no stray variable counts.
  const { messages } = new Anthropic({
    apiKey: access.apiKey,
    authToken: null,
    baseURL: access.baseUrl ?? baseUrlOf(access),
    maxRetries: 0,
    timeout: headersTimeoutMs,
    logLevel: "off",
    openTelemetry: false,
  });
  return {
    messages,
    nameOf: (model) => (access.provider === "bedrock" ? model.bedrockId : model.id),
    redact: (text) => text.replaceAll(access.apiKey.trim(), "[model key]"),
  };
}

function baseUrlOf({ provider, region = defaultRegion }: ModelAccess): string {
  if (provider === "anthropic") return "https://api.anthropic.com";
  return `https://bedrock-runtime.${region}.amazonaws.com/anthropic`;
}
