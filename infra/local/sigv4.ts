// Did somebody who holds the secret sign exactly this request? AWS Signature Version 4, for S3.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

/** A request as it came over the wire: `url` is path and query, still encoded. */
export interface WireRequest {
  method: string;
  url: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

export type Verdict = { kind: "verified"; payloadHash: string } | { kind: "refused"; code: string; message: string };

interface Claim {
  credential: string;
  signedHeaders: string[];
  signature: string;
  /** `20261122T101500Z` */
  signedAt: string;
  validMs: number;
  payloadHash: string;
}

const algorithm = "AWS4-HMAC-SHA256";
const maxClockSkewMs = 15 * 60 * 1000;
const maxExpiresSeconds = 7 * 24 * 60 * 60;

/** Checks a presigned URL or an Authorization header; method, key, query and every signed header are covered. */
export function verifySignature(request: WireRequest, credentials: Credentials, now: number): Verdict {
  const query = readQuery(request.url);
  const isPresigned = query.some(([name]) => name === "X-Amz-Signature");
  const claim = isPresigned ? readPresigned(query) : readAuthorization(request);
  if (!claim) return refuse("AccessDenied", "The request is not signed, or its signature cannot be read.");
  if (!claim.signedHeaders.includes("host")) return refuse("AccessDenied", "The host header must be signed.");
  const unsigned = Object.keys(request.headers).find(
    (name) => isProtected(name) && !claim.signedHeaders.includes(name),
  );
  if (unsigned) return refuse("AccessDenied", `The request has a header that was not signed: ${unsigned}`);

  const [accessKeyId, ...scope] = claim.credential.split("/");
  const [date, , service, terminator] = scope;
  if (accessKeyId !== credentials.accessKeyId) {
    return refuse("InvalidAccessKeyId", "The access key id does not exist in these records.");
  }
  if (service !== "s3" || terminator !== "aws4_request" || date !== claim.signedAt.slice(0, 8)) {
    return refuse("AuthorizationQueryParametersError", "The credential's scope is not one of S3.");
  }
  if (!isSame(claim.signature, sign(request, query, claim, scope, credentials.secretAccessKey))) {
    return refuse("SignatureDoesNotMatch", "The calculated signature does not match the signature you provided.");
  }
  return checkTime(claim, isPresigned, now);
}

/** As on AWS, a header `x-amz-*` takes effect only if it was signed. */
function isProtected(headerName: string): boolean {
  return headerName.startsWith("x-amz-");
}

function checkTime(claim: Claim, isPresigned: boolean, now: number): Verdict {
  const signedAt = Date.parse(claim.signedAt.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5"));
  const skewCode = isPresigned ? "AccessDenied" : "RequestTimeTooSkewed";
  if (!(signedAt - now <= maxClockSkewMs)) return refuse(skewCode, "Request is not yet valid.");
  if (now > signedAt + claim.validMs) return refuse(skewCode, "Request has expired.");
  return { kind: "verified", payloadHash: claim.payloadHash };
}

function readPresigned(query: readonly [string, string][]): Claim | undefined {
  const values = new Map(query);
  // With a parameter given twice it would be open which of the two counts.
  if (values.size !== query.length || values.get("X-Amz-Algorithm") !== algorithm) return undefined;
  const expiresSeconds = Number(values.get("X-Amz-Expires"));
  if (!Number.isInteger(expiresSeconds) || expiresSeconds < 1 || expiresSeconds > maxExpiresSeconds) return undefined;
  return {
    credential: values.get("X-Amz-Credential") ?? "",
    signedHeaders: (values.get("X-Amz-SignedHeaders") ?? "").split(";"),
    signature: values.get("X-Amz-Signature") ?? "",
    signedAt: values.get("X-Amz-Date") ?? "",
    validMs: expiresSeconds * 1000,
    payloadHash: values.get("X-Amz-Content-Sha256") ?? "UNSIGNED-PAYLOAD",
  };
}

function readAuthorization({ headers }: WireRequest): Claim | undefined {
  const match = /^AWS4-HMAC-SHA256 Credential=([^, ]+), ?SignedHeaders=([^, ]+), ?Signature=([0-9a-f]{64})$/.exec(
    textOf(headers.authorization),
  );
  const [, credential, signedHeaders, signature] = match ?? [];
  const payloadHash = textOf(headers["x-amz-content-sha256"]);
  if (!credential || !signedHeaders || !signature || !payloadHash) return undefined;
  const signedAt = textOf(headers["x-amz-date"]);
  return {
    credential,
    signedHeaders: signedHeaders.split(";"),
    signature,
    signedAt,
    validMs: maxClockSkewMs,
    payloadHash,
  };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, and -query-string-auth.html */
function sign(
  request: WireRequest,
  query: readonly [string, string][],
  claim: Claim,
  scope: readonly string[],
  secretAccessKey: string,
): string {
  const canonicalRequest = [
    request.method,
    request.url.split("?")[0],
    canonicalQuery(query),
    ...claim.signedHeaders.map((name) => `${name}:${textOf(request.headers[name]).trim().replace(/\s+/g, " ")}`),
    "",
    claim.signedHeaders.join(";"),
    claim.payloadHash,
  ].join("\n");
  const canonicalHash = createHash("sha256").update(canonicalRequest).digest("hex");
  const stringToSign = [algorithm, claim.signedAt, scope.join("/"), canonicalHash].join("\n");
  const key = scope.reduce<Buffer>((parent, part) => hmac(parent, part), Buffer.from(`AWS4${secretAccessKey}`));
  return hmac(key, stringToSign).toString("hex");
}

function canonicalQuery(query: readonly [string, string][]): string {
  const signed = query.filter(([name]) => name !== "X-Amz-Signature");
  const pairs = signed.map(([name, value]) => [encode(name), encode(value)] as const);
  // By name, then by value: sorting the joined text would put `a-b` before `a`.
  pairs.sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB));
  return pairs.map((pair) => pair.join("=")).join("&");
}

function readQuery(url: string): [string, string][] {
  const text = url.split("?").slice(1).join("?");
  // URLSearchParams would read `+` as a space, which is not how S3 reads it.
  return [...new URLSearchParams(text.replaceAll("+", "%2B"))];
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function isSame(claimed: string, expected: string): boolean {
  return /^[0-9a-f]{64}$/.test(claimed) && timingSafeEqual(Buffer.from(claimed), Buffer.from(expected));
}

function textOf(value: string | string[] | undefined): string {
  return Array.isArray(value) ? value.join(",") : (value ?? "");
}

function refuse(code: string, message: string): Verdict {
  return { kind: "refused", code, message };
}
