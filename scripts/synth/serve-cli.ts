// What do SST's components ask their CLI? Where assets go, and to build a function: answered here without building anything.
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

interface Call {
  method: string;
  params: { functionID: string; handler: string }[];
}

export async function serveCli(dir: string) {
  const handlers: string[] = [];

  function answer({ method, params: [call] }: Call): unknown {
    if (method === "Provider.Aws.Bootstrap")
      return { asset: "sst-asset", state: "sst-state", assetEcrRegistryId: "", assetEcrUrl: "" };
    if (method !== "Runtime.Build" || !call) throw new Error(`Nobody answers the CLI's ${method}.`);
    handlers.push(call.handler);
    const out = join(dir, "built", call.functionID);
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, "bundle.mjs"), `// ${call.handler}`);
    return { out, handler: "bundle.handler", errors: [], sourcemaps: [] };
  }

  const server = createServer(async (request, response) => {
    // A program that computes for long would find a kept connection gone.
    response.setHeader("connection", "close");
    let body = "";
    for await (const chunk of request) body += chunk;
    try {
      response.end(JSON.stringify({ result: answer(JSON.parse(body) as Call) }));
    } catch (error) {
      response.end(JSON.stringify({ error: String(error) }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    handlers,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
