import { describe, expect, it } from "vitest";
import { verifySignature, type WireRequest } from "../../../infra/local/sigv4.ts";

// The examples of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and
// sigv4-query-string-auth.html: signatures that AWS published, not ones of our own.
const credentials = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
const signedAt = Date.UTC(2013, 4, 24);
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const scope = "20130524/us-east-1/s3/aws4_request";

const presigned: WireRequest = {
  method: "GET",
  url: `/test.txt?${[
    "X-Amz-Algorithm=AWS4-HMAC-SHA256",
    `X-Amz-Credential=${encodeURIComponent(`${credentials.accessKeyId}/${scope}`)}`,
    "X-Amz-Date=20130524T000000Z",
    "X-Amz-Expires=86400",
    "X-Amz-SignedHeaders=host",
    "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
  ].join("&")}`,
  headers: { host: "examplebucket.s3.amazonaws.com" },
};

const authorization = (signedHeaders: string, signature: string) =>
  `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope},SignedHeaders=${signedHeaders},Signature=${signature}`;

const headerSigned: WireRequest = {
  method: "GET",
  url: "/test.txt",
  headers: {
    host: "examplebucket.s3.amazonaws.com",
    range: "bytes=0-9",
    "x-amz-content-sha256": emptyHash,
    "x-amz-date": "20130524T000000Z",
    authorization: authorization(
      "host;range;x-amz-content-sha256;x-amz-date",
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    ),
  },
};

const listSigned: WireRequest = {
  method: "GET",
  url: "/?max-keys=2&prefix=J",
  headers: {
    host: "examplebucket.s3.amazonaws.com",
    "x-amz-content-sha256": emptyHash,
    "x-amz-date": "20130524T000000Z",
    authorization: authorization(
      "host;x-amz-content-sha256;x-amz-date",
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    ),
  },
};

const verify = (request: WireRequest, now = signedAt) => verifySignature(request, credentials, now);

describe("a signature that AWS published", () => {
  it.each([
    ["of a presigned URL", presigned, "UNSIGNED-PAYLOAD"],
    ["of a GET with a signed range", headerSigned, emptyHash],
    ["of a list with a query", listSigned, emptyHash],
    ["of that query in another order", { ...listSigned, url: "/?prefix=J&max-keys=2" }, emptyHash],
  ])("%s is verified", (_, request, payloadHash) => {
    expect(verify(request)).toEqual({ kind: "verified", payloadHash });
  });

  it.each<[string, WireRequest, string]>([
    ["another method", { ...presigned, method: "PUT" }, "SignatureDoesNotMatch"],
    ["another path", { ...presigned, url: presigned.url.replace("test", "best") }, "SignatureDoesNotMatch"],
    ["another host", { ...presigned, headers: { host: "127.0.0.1" } }, "SignatureDoesNotMatch"],
    ["another expiry", { ...presigned, url: presigned.url.replace("86400", "86401") }, "SignatureDoesNotMatch"],
    ["one more parameter", { ...presigned, url: `${presigned.url}&tagging` }, "SignatureDoesNotMatch"],
    ["a parameter twice", { ...presigned, url: `${presigned.url}&X-Amz-Expires=1` }, "AccessDenied"],
    ["an expiry of over a week", { ...presigned, url: presigned.url.replace("86400", "604801") }, "AccessDenied"],
    [
      "a scope of another service",
      { ...presigned, url: presigned.url.replace("%2Fs3%2F", "%2Fsqs%2F") },
      "AuthorizationQueryParametersError",
    ],
    [
      "a scope of another day",
      { ...presigned, url: presigned.url.replace("20130524%2F", "20130525%2F") },
      "AuthorizationQueryParametersError",
    ],
    ["an unsigned host", { ...presigned, url: presigned.url.replace("Headers=host", "Headers=range") }, "AccessDenied"],
    [
      "another range",
      { ...headerSigned, headers: { ...headerSigned.headers, range: "bytes=0-99" } },
      "SignatureDoesNotMatch",
    ],
    [
      "another payload",
      { ...headerSigned, headers: { ...headerSigned.headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" } },
      "SignatureDoesNotMatch",
    ],
    [
      "an unsigned x-amz header",
      { ...headerSigned, headers: { ...headerSigned.headers, "x-amz-acl": "public-read" } },
      "AccessDenied",
    ],
    ["no signature", { ...headerSigned, headers: { host: "examplebucket.s3.amazonaws.com" } }, "AccessDenied"],
  ])("does not cover %s", (_, request, code) => {
    expect(verify(request)).toMatchObject({ kind: "refused", code });
  });

  it.each([
    ["presigned, at its last moment", presigned, 86_400_000, "verified"],
    ["presigned, a millisecond later", presigned, 86_400_001, "refused"],
    ["presigned, by a clock 15 minutes ahead", presigned, -900_000, "verified"],
    ["presigned, by a clock further ahead", presigned, -900_001, "refused"],
    ["in a header, after 15 minutes", headerSigned, 900_000, "verified"],
    ["in a header, a millisecond later", headerSigned, 900_001, "refused"],
  ])("holds its time: %s", (_, request, sinceMs, kind) => {
    expect(verify(request, signedAt + sinceMs).kind).toBe(kind);
  });

  it("with a date that is none is refused", () => {
    const request = { ...presigned, url: presigned.url.replace("20130524T000000Z", "20130524T999999Z") };
    expect(verify(request).kind).toBe("refused");
  });
});
