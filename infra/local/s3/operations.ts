// What do S3's operations on one bucket accept and answer?
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Bucket, ObjectHead } from "./objects.ts";
import { digest, readPayload } from "./payload.ts";
import { element, notImplemented, S3Error, sendXml } from "./xml.ts";

/** One request whose signature was verified. */
export interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  bucketName: string;
  bucket: Bucket;
  key: string;
  parameters: URLSearchParams;
  payloadHash: string;
  now: number;
}

const keptHeaders = ["content-type", "content-encoding", "content-disposition", "cache-control"];
/** AWS: 2 KiB of user metadata. The rest is for the kept headers. */
const maxHeaderBytes = 4096;

export async function putObject({ request, response, bucket, key, parameters, payloadHash, now }: Call): Promise<void> {
  const { "if-none-match": ifNoneMatch } = request.headers;
  if (request.headers["x-amz-copy-source"]) throw notImplemented("CopyObject");
  if (request.headers["if-match"] || (ifNoneMatch && ifNoneMatch !== "*")) throw notImplemented("this condition");
  const headers = readMetadata(request, parameters);
  const body = await readPayload(request, payloadHash, parameters);
  const etag = `"${digest("md5", body, "hex")}"`;
  const head = { key, size: body.length, etag, modifiedAt: now, headers };
  try {
    await bucket.put(head, body, { onlyIfAbsent: ifNoneMatch === "*" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new S3Error(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
  }
  response.writeHead(200, { etag }).end();
}

/** The presigner moves `x-amz-meta-*` from the headers to the query, so both are looked at. */
function readMetadata(request: IncomingMessage, parameters: URLSearchParams): Record<string, string> {
  const given = { ...Object.fromEntries(parameters), ...request.headers };
  const kept = Object.entries(given).filter(
    ([name]) => keptHeaders.includes(name) || /^x-amz-meta-[\w.-]+$/.test(name),
  );
  const headers = Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
  // From the query anything may come, but it must go into the headers of every answer.
  if (Object.values(headers).some((value) => !/^[\t\x20-\x7e]*$/.test(value))) {
    throw new S3Error(400, "InvalidArgument", "Metadata must be printable US-ASCII.");
  }
  const encodings = (headers["content-encoding"] ?? "").split(",").map((encoding) => encoding.trim());
  headers["content-encoding"] = encodings.filter((encoding) => encoding !== "aws-chunked").join(", ");
  if (!headers["content-encoding"]) delete headers["content-encoding"];
  if (Buffer.byteLength(JSON.stringify(headers)) > maxHeaderBytes) {
    throw new S3Error(400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size.");
  }
  return headers;
}

/** GetObject and HeadObject. */
export async function getObject({ request, response, bucket, key }: Call): Promise<void> {
  const condition = Object.keys(request.headers).find((name) => name.startsWith("if-"));
  if (condition) throw notImplemented(condition);
  const object = await bucket.get(key);
  if (!object) throw new S3Error(404, "NoSuchKey", "The specified key does not exist.");
  try {
    const { head, file, offset } = object;
    const range = readRange(request.headers.range, head.size);
    response.writeHead(range ? 206 : 200, describe(head, range));
    const { start, end } = range ?? { start: 0, end: head.size - 1 };
    if (request.method === "HEAD" || end < start) return void response.end();
    const data = file.createReadStream({ start: offset + start, end: offset + end, autoClose: false });
    await pipeline(data, response);
  } finally {
    await object.file.close();
  }
}

interface ByteRange {
  start: number;
  /** Inclusive, as in HTTP. */
  end: number;
}

function describe(head: ObjectHead, range: ByteRange | undefined): Record<string, string> {
  const described: Record<string, string> = {
    "content-type": "binary/octet-stream",
    ...head.headers,
    etag: head.etag,
    "last-modified": new Date(head.modifiedAt).toUTCString(),
    "accept-ranges": "bytes",
    "content-length": String(range ? range.end - range.start + 1 : head.size),
  };
  if (range) described["content-range"] = `bytes ${range.start}-${range.end}/${head.size}`;
  return described;
}

/** A header that is not one single range is ignored, as S3 does; one beyond the end is an error. */
function readRange(header: string | undefined, size: number): ByteRange | undefined {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (!first && !last) return undefined;
  if (first && last && Number(last) < Number(first)) return undefined;
  const start = first ? Number(first) : Math.max(0, size - Number(last));
  const end = first && last ? Math.min(Number(last), size - 1) : size - 1;
  if (start <= end) return { start, end };
  throw new S3Error(416, "InvalidRange", "The requested range is not satisfiable");
}

export async function deleteObject({ response, bucket, key }: Call): Promise<void> {
  await bucket.remove(key);
  response.writeHead(204).end();
}

export async function listObjects({ response, bucketName, bucket, parameters }: Call): Promise<void> {
  if (parameters.get("list-type") !== "2") throw notImplemented("listing other than ListObjectsV2");
  const prefix = parameters.get("prefix") ?? "";
  const token = parameters.get("continuation-token");
  const after = token === null ? parameters.get("start-after") : Buffer.from(token, "base64url").toString();
  const maxKeys = Math.min(1000, Number(parameters.get("max-keys") ?? 1000));
  if (!Number.isInteger(maxKeys) || maxKeys < 0) throw new S3Error(400, "InvalidArgument", "max-keys is not a count.");

  const rest = (await bucket.list(prefix)).filter(({ key }) => !after || compareKeys(key, after) > 0);
  const page = rest.slice(0, maxKeys);
  const last = page.length < rest.length ? page.at(-1) : undefined;
  const root = element("ListBucketResult", [
    element("Name", bucketName),
    element("Prefix", prefix),
    element("KeyCount", page.length),
    element("MaxKeys", maxKeys),
    element("IsTruncated", last !== undefined),
    element("NextContinuationToken", last && Buffer.from(last.key).toString("base64url")),
    ...page.map((head) =>
      element("Contents", [
        element("Key", head.key),
        element("LastModified", new Date(head.modifiedAt).toISOString()),
        element("ETag", head.etag),
        element("Size", head.size),
        element("StorageClass", "STANDARD"),
      ]),
    ),
  ]);
  sendXml(response, 200, root);
}

function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
