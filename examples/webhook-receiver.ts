// How does a server of your own hear of ends, and know that drover sent them? After https://www.standardwebhooks.com.
// DROVER_WEBHOOK_SECRET=whsec_… node examples/webhook-receiver.ts 3000
// The secret is in the answer to POST …/workspaces/default/webhooks { "url": "https://hooks.example.com/drover" }.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";

const { DROVER_WEBHOOK_SECRET: secret = "" } = process.env;
const [port = "3000"] = process.argv.slice(2);
if (!secret.startsWith("whsec_")) {
  console.error("Set DROVER_WEBHOOK_SECRET to the secret that was shown when the webhook was made: whsec_…");
  process.exit(2);
}
const key = Buffer.from(secret.slice("whsec_".length), "base64");
const toleranceS = 300;
const maxBodyBytes = 1024 * 1024;
/** A delivery comes again until it is answered, with the same id. Keep them where a restart does not lose them. */
const seen = new Set<string>();

/** Over the bytes as they came: what is parsed and written again has another signature. */
function isGenuine(headers: IncomingHttpHeaders, body: Buffer): boolean {
  const { "webhook-id": id, "webhook-timestamp": sentAt, "webhook-signature": signatures } = headers;
  if (Math.abs(Date.now() / 1000 - Number(sentAt)) > toleranceS) return false;
  const expected = createHmac("sha256", key).update(`${id}.${sentAt}.`).update(body).digest();
  // Several while a secret is being changed.
  return String(signatures)
    .split(" ")
    .filter((one) => one.startsWith("v1,"))
    .map((one) => Buffer.from(one.slice("v1,".length), "base64"))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}

const server = createServer(async (request, response) => {
  const answer = (status: number, text: string) => response.writeHead(status).end(`${text}\n`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return answer(413, "too large");
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  if (request.method !== "POST" || !isGenuine(request.headers, body)) return answer(401, "not signed by drover");
  const id = String(request.headers["webhook-id"]);
  if (seen.has(id)) return answer(200, "known");
  const { type, data } = JSON.parse(body.toString());
  console.log(`${type}: ${data.taskId} (${data.title ?? "without a title"}) is ${data.status}`);
  // Only now: had the work above failed, the next delivery would have to find it undone.
  seen.add(id);
  return answer(200, "thank you");
});
server.listen(Number(port), "127.0.0.1", () => {
  const address = server.address();
  console.log(`listening on port ${typeof address === "object" ? address?.port : address}`);
});
