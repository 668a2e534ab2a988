// How does the supervisor reach a model: which server, with which key?
import Anthropic from "@anthropic-ai/sdk";
import type { ModelProfile } from "../../core/models.ts";

export interface ModelAccess {
  /** In memory only: never in the environment, a file, the transcript or a message. */
  apiKey: string;
  /** `bedrock` names the models as Amazon Bedrock does; its key is an Amazon Bedrock API key. */
  provider: "anthropic" | "bedrock";
  /** Any server that speaks the Messages API. Needed for Bedrock: https://bedrock-runtime.REGION.amazonaws.com/anthropic */
  baseUrl?: string | undefined;
  /** What stands before Bedrock's name of a model, to choose where it runs: `global.`, `us.`, `eu.`, … */
  bedrockPrefix?: string | undefined;
}

/** What the conversation needs to make a call. */
export interface ModelClient {
  messages: Anthropic["messages"];
  /** The name under which this server knows the model. */
  nameOf(model: ModelProfile): string;
  /** Takes the key out of a text, wherever it came from. */
  redact(text: string): string;
}

const defaultBaseUrl = "https://api.anthropic.com";
/** For the headers of an answer; how long a stream may be silent is the reader's business. */
const headersTimeoutMs = 120_000;

export function openModelClient(access: ModelAccess): ModelClient {
  // Everything that the SDK would else look for in the environment is given here, so that no stray variable counts.
  const { messages } = new Anthropic({
    apiKey: access.apiKey,
    authToken: null,
    baseURL: access.baseUrl ?? defaultBaseUrl,
    maxRetries: 0,
    timeout: headersTimeoutMs,
    logLevel: "off",
    openTelemetry: false,
  });
  const prefix = access.bedrockPrefix ?? "global.";
  return {
    messages,
    nameOf: (model) => (access.provider === "bedrock" ? `${prefix}${model.bedrockId}` : model.id),
    redact: (text) => text.replaceAll(access.apiKey, "[model key]"),
  };
}
