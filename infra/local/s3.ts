// How does S3 run on this machine? Objects on disk, path style, and every request's signature checked.
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { type Endpoint, listenOnLoopback } from "./aws-json.ts";
import { type Bucket, openBucket } from "./s3/objects.ts";
import { type Call, deleteObject, getObject, listObjects, putObject } from "./s3/operations.ts";
import { notImplemented, S3Error, sendError } from "./s3/xml.ts";
import { type Credentials, verifySignature } from "./sigv4.ts";

export interface S3Options {
  dir: string;
  buckets: readonly string[];
  credentials: Credentials;
  now?: () => number;
  port?: number;
}

/**
 * Signatures are checked, unlike in the other stand-ins: a sandbox on this machine reaches the endpoint, and a
 * presigned URL must give it its own artifact and nothing else.
 */
export async function startS3({ dir, buckets, credentials, now = Date.now, port }: S3Options): Promise<Endpoint> {
  const opened = new Map<string, Bucket>();
  for (const name of buckets) {
    if (!/^[a-z0-9][a-z0-9.-]{2,62}$/.test(name)) throw new Error(`${name} is not a bucket name.`);
    opened.set(name, await openBucket(join(dir, name)));
  }
  return listenOnLoopback(async (request, response) => {
    try {
      await serve(readCall(request, response, opened, credentials, now()));
    } catch (error) {
      answerError(request, response, error);
    }
  }, port);
}

/** Refuses before the body is read, so that nobody without a signature can make us hold 64 MiB. */
function readCall(
  request: IncomingMessage,
  response: ServerResponse,
  buckets: ReadonlyMap<string, Bucket>,
  credentials: Credentials,
  now: number,
): Call {
  const { method = "GET", url = "/", headers } = request;
  const verdict = verifySignature({ method, url, headers }, credentials, now);
  if (verdict.kind === "refused") throw new S3Error(403, verdict.code, verdict.message);
  const { payloadHash } = verdict;
  const [path = "", ...query] = url.split("?");
  const parameters = readParameters(query.join("?"));
  const [bucketName = "", ...keyParts] = decodePath(path).slice(1).split("/");
  const bucket = buckets.get(bucketName);
  if (!bucket) throw new S3Error(404, "NoSuchBucket", "The specified bucket does not exist");
  const key = keyParts.join("/");
  if (Buffer.byteLength(key) > 1024) throw new S3Error(400, "KeyTooLongError", "Your key is too long");
  return { request, response, bucketName, bucket, key, parameters, payloadHash, now };
}

const knownParameters = ["x-id", "list-type", "prefix", "continuation-token", "start-after", "max-keys"];

/** A parameter that is not known may mean another operation (`?tagging`): refused, never taken for a plain PUT. */
function readParameters(query: string): URLSearchParams {
  const parameters = new URLSearchParams(query.replaceAll("+", "%2B"));
  for (const name of parameters.keys()) {
    if (!knownParameters.includes(name) && !/^x-amz-/i.test(name)) throw notImplemented(`the parameter ${name}`);
  }
  return parameters;
}

function decodePath(path: string): string {
  try {
    const decoded = decodeURIComponent(path);
    // XML could not list such a key.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
    if (!/[\u0000-\u001f\ufffe\uffff]/.test(decoded)) return decoded;
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
  }
  throw new S3Error(400, "InvalidURI", "Couldn't parse the specified URI.");
}

async function serve(call: Call): Promise<void> {
  const { method } = call.request;
  if (!call.key) {
    if (method === "GET") return listObjects(call);
    if (method === "HEAD") return void call.response.writeHead(200).end();
    throw notImplemented(`${method} of a bucket`);
  }
  if (method === "PUT") return putObject(call);
  if (method === "GET" || method === "HEAD") return getObject(call);
  if (method === "DELETE") return deleteObject(call);
  throw notImplemented(`${method} of an object`);
}

function answerError(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  // The client went away in the middle: there is nobody to tell.
  if (response.headersSent || response.destroyed) return void response.destroy();
  if (!(error instanceof S3Error)) console.error("local S3 failed", error);
  sendError(response, error instanceof S3Error ? error : new S3Error(500, "InternalError", "See the log of drover."));
  // What the client still sends is thrown away, so that it gets to read the answer.
  request.resume();
}
