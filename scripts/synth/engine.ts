// Stands in for `pulumi preview`: runs the program that the CLI has bundled, on the mocks, and passes its questions on to the real CLI.
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import { answer, stateOf } from "./answers.ts";
import { untilQuiet } from "./until-quiet.ts";

const { SST_SERVER, PROGRAM, REPORT } = process.env;
if (!SST_SERVER || !PROGRAM || !REPORT)
  throw new Error("Only the CLI starts this, with SST_SERVER, PROGRAM and REPORT.");

const built: { handler: string; out: string; errors: string[] }[] = [];

/** All but the one question that needs an account. */
async function ask(body: string): Promise<string> {
  const { method, params } = JSON.parse(body) as { method: string; params: { handler: string }[] };
  if (method === "Provider.Aws.Bootstrap") {
    return JSON.stringify({
      result: { asset: "sst-asset", state: "sst-state", assetEcrRegistryId: "", assetEcrUrl: "" },
    });
  }
  const response = await fetch(new URL("/rpc", SST_SERVER), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  const text = await response.text();
  if (method === "Runtime.Build") {
    const { result } = JSON.parse(text) as { result?: { out: string; errors?: string[] } };
    const handler = String(params[0]?.handler);
    built.push({ handler, out: result?.out ?? "", errors: result ? (result.errors ?? []) : [text] });
  }
  return text;
}

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  response.setHeader("connection", "close");
  try {
    response.end(await ask(body));
  } catch (error) {
    response.end(JSON.stringify({ error: String(error) }));
  }
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
process.env.SST_SERVER = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

let resources = 0;
await pulumi.runtime.setMocks(
  {
    newResource: (resource) => {
      resources += 1;
      return stateOf(resource);
    },
    call: ({ token, inputs }) => answer(token, inputs),
  },
  "drover",
  "rehearsal",
  false,
);
await pulumi.runtime.runInPulumiStack(async () => (await import(PROGRAM)).default);
await untilQuiet(() => resources);
writeFileSync(REPORT, JSON.stringify({ resources, built: built.sort((a, b) => (a.handler < b.handler ? -1 : 1)) }));
process.exit(0);
