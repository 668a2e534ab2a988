import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { request as sendRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Endpoint } from "../../../infra/local/aws-json.ts";
import { startS3 } from "../../../infra/local/s3.ts";

const credentials = { accessKeyId: "AKIALOCAL", secretAccessKey: "local/secret+of=this machine" };
const Bucket = "artifacts";

let clock = 0;
let dir: string;
let local: Endpoint;
let s3: S3Client;

beforeEach(async () => {
  clock = Date.now();
  dir = await mkdtemp(join(tmpdir(), "drover-s3-"));
  local = await startS3({ dir, buckets: [Bucket, "other"], credentials, now: () => clock });
  s3 = client();
});

afterEach(async () => {
  s3.destroy();
  await local.close();
  await rm(dir, { recursive: true });
});

function client(more: S3ClientConfig = {}): S3Client {
  return new S3Client({
    region: "us-east-1",
    endpoint: local.url,
    forcePathStyle: true,
    credentials,
    requestChecksumCalculation: "WHEN_REQUIRED",
    ...more,
  });
}

const put = (Key: string, Body: string | Uint8Array = "x") => s3.send(new PutObjectCommand({ Bucket, Key, Body }));

async function read(Key: string, Range?: string): Promise<string | undefined> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, Range }));
  return Body?.transformToString();
}

const presignPut = (Key: string, expiresIn = 60) =>
  getSignedUrl(s3, new PutObjectCommand({ Bucket, Key }), { expiresIn });
const presignGet = (Key: string) => getSignedUrl(s3, new GetObjectCommand({ Bucket, Key }), { expiresIn: 60 });

async function codeOf(answer: Response): Promise<string> {
  return `${answer.status} ${/<Code>(.*)<\/Code>/.exec(await answer.text())?.[1]}`;
}

describe("an object", () => {
  it("comes back as it was put, with its type and metadata, until it is deleted", async () => {
    const Body = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251);
    const Metadata = { attempt: "1" };
    await s3.send(new PutObjectCommand({ Bucket, Key: "a/b.bin", Body, ContentType: "text/plain", Metadata }));
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: "a/b.bin" }));
    expect(await got.Body?.transformToByteArray()).toEqual(Body);
    expect(got).toMatchObject({ ContentType: "text/plain", Metadata, ContentLength: Body.length });
    expect(got.ETag).toBe(`"${createHash("md5").update(Body).digest("hex")}"`);
    expect(got.LastModified?.getTime()).toBe(Math.floor(clock / 1000) * 1000);
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "a/b.bin" }));
    expect(head).toMatchObject({ ContentType: "text/plain", Metadata, ContentLength: Body.length, ETag: got.ETag });

    await s3.send(new DeleteObjectCommand({ Bucket, Key: "a/b.bin" }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: "a/b.bin" }));
    await expect(read("a/b.bin")).rejects.toBeInstanceOf(NoSuchKey);
    const gone = s3.send(new HeadObjectCommand({ Bucket, Key: "a/b.bin" }));
    await expect(gone).rejects.toMatchObject({ name: "NotFound" });
  });

  it.each([
    "plain",
    "with space",
    "plus+and&?#%",
    "ünï/cödé ✓",
    "a//b/",
    "%2e%2e%2f",
    "(a)!*'",
    "n".repeat(1024),
  ])("may have the key %s, and stays in its folder", async (Key) => {
    await put(Key, Key);
    expect(await read(Key)).toBe(Key);
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket }));
    expect(Contents?.map((object) => object.Key)).toEqual([Key]);
    expect(await readdir(dir)).toEqual(expect.arrayContaining([Bucket, "other"]));
    const [name = ""] = await readdir(join(dir, Bucket));
    expect(name).toMatch(/^[0-9a-f]{64}$/);
    expect((await stat(join(dir, Bucket, name))).mode & 0o777).toBe(0o600);
    expect(existsSync(join(dir, "..", "etc"))).toBe(false);
    const url = await presignPut(Key);
    expect((await fetch(url, { method: "PUT", body: "again" })).status).toBe(200);
    expect(await read(Key)).toBe("again");
  });

  it.each([
    "../../etc/passwd",
    "..",
    "../other/x",
  ])("may even have the key %s, but no URL: fetch would shorten it", async (Key) => {
    await put(Key, Key);
    expect(await read(Key)).toBe(Key);
    expect(await readdir(join(dir, "other"))).toEqual([]);
    expect(await readdir(join(dir, Bucket))).toHaveLength(1);
    expect((await fetch(await presignPut(Key), { method: "PUT", body: "again" })).status).toBe(403);
  });

  it.each([
    ["bytes=0-3", "0123", "bytes 0-3/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=-2", "89", "bytes 8-9/10"],
    ["bytes=-20", "0123456789", "bytes 0-9/10"],
    ["bytes=8-100", "89", "bytes 8-9/10"],
    ["bytes=0-1,4-5", "0123456789", undefined],
  ])("is read by %s", async (Range, text, ContentRange) => {
    await put("digits", "0123456789");
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: "digits", Range }));
    expect(got.ContentRange).toBe(ContentRange);
    expect(await got.Body?.transformToString()).toBe(text);
  });

  it("is not read beyond its end", async () => {
    await put("digits", "0123456789");
    await expect(read("digits", "bytes=10-")).rejects.toMatchObject({ name: "InvalidRange" });
  });

  it("may be empty", async () => {
    await put("empty", "");
    expect(await read("empty")).toBe("");
  });

  it("is written once with If-None-Match: *, whoever else tries", async () => {
    const tries = Array.from({ length: 8 }, (_, index) =>
      s3.send(new PutObjectCommand({ Bucket, Key: "once", Body: `${index}`, IfNoneMatch: "*" })),
    );
    const results = await Promise.allSettled(tries);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const refused = results.find(({ status }) => status === "rejected");
    expect(refused).toMatchObject({ reason: { name: "PreconditionFailed" } });
    expect(await readdir(join(dir, Bucket))).toHaveLength(1);
  });

  it("survives a restart; what a dead writer left does not", async () => {
    await put("kept", "x");
    await writeFile(join(dir, Bucket, "half.tmp"), "half");
    await local.close();
    local = await startS3({ dir, buckets: [Bucket], credentials, now: () => clock });
    s3.destroy();
    s3 = client();
    expect(await read("kept")).toBe("x");
    expect(await readdir(join(dir, Bucket))).toHaveLength(1);
  });
});

describe("an upload", () => {
  it.each([
    "WHEN_REQUIRED",
    "WHEN_SUPPORTED",
  ] as const)("works from a buffer and a stream, checksums %s", async (when) => {
    s3.destroy();
    s3 = client({ requestChecksumCalculation: when });
    const text = "0123456789".repeat(50_000);
    await put("buffer", text);
    const Body = Readable.from([Buffer.from(text.slice(0, 70_001)), Buffer.from(text.slice(70_001))]);
    await s3.send(
      new PutObjectCommand({ Bucket, Key: "stream", Body, ContentLength: text.length, ContentEncoding: "identity" }),
    );
    expect(await read("buffer")).toBe(text);
    expect(await read("stream")).toBe(text);
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "stream" }));
    expect(head.ContentEncoding).toBe("identity");
  });

  it("over 64 MiB is refused, and the client gets to read why", async () => {
    const url = await presignPut("big");
    const tooBig = await fetch(url, { method: "PUT", body: new Uint8Array(64 * 1024 * 1024 + 1) });
    expect(await codeOf(tooBig)).toBe("400 EntityTooLarge");
    const fits = await fetch(url, { method: "PUT", body: new Uint8Array(64 * 1024 * 1024) });
    expect(fits.status).toBe(200);
  });

  it("without a length is refused", async () => {
    const body = Readable.toWeb(Readable.from([Buffer.from("x")]));
    const answer = await fetch(await presignPut("x"), { method: "PUT", body, duplex: "half" } as RequestInit);
    expect(await codeOf(answer)).toBe("501 NotImplemented");
  });

  it("that does not match its signed hash or checksum is refused", async () => {
    const wrong = new PutObjectCommand({ Bucket, Key: "x", Body: "x", ChecksumCRC32: "AAAAAA==" });
    await expect(s3.send(wrong)).rejects.toMatchObject({ name: "BadDigest" });
    const tampering = client();
    tampering.middlewareStack.add(
      (next) => (args) => {
        const { request } = args as { request: { body: unknown } };
        request.body = "y";
        return next(args);
      },
      { step: "finalizeRequest", priority: "low" },
    );
    const tampered = tampering.send(new PutObjectCommand({ Bucket, Key: "x", Body: "x" }));
    await expect(tampered).rejects.toMatchObject({ name: "XAmzContentSHA256Mismatch" });
    tampering.destroy();
    await expect(read("x")).rejects.toBeInstanceOf(NoSuchKey);
  });

  it("that breaks off leaves the old object and no rest", async () => {
    await put("x", "old");
    const url = await presignPut("x");
    const { promise, resolve } = Promise.withResolvers<void>();
    const upload = sendRequest(url, { method: "PUT", headers: { "content-length": 1000 } });
    upload.on("error", () => resolve());
    upload.write("half", () => upload.destroy(new Error("broken off")));
    await promise;
    expect(await read("x")).toBe("old");
    expect(await readdir(join(dir, Bucket))).toHaveLength(1);
  });
});

describe("a presigned URL", () => {
  it("puts and gets its own key", async () => {
    expect((await fetch(await presignPut("tsk_1/log"), { method: "PUT", body: "mine" })).status).toBe(200);
    expect(await (await fetch(await presignGet("tsk_1/log"))).text()).toBe("mine");
  });

  it("is good for nothing else: not another key, bucket, method, or a longer life", async () => {
    await put("tsk_2/log", "theirs");
    const url = await presignPut("tsk_1/log", 60);
    const upload = (changed: string, method = "PUT") =>
      fetch(changed, { method, body: method === "PUT" ? "mine" : null });
    const forged = [
      upload(url.replace("tsk_1", "tsk_2")),
      upload(url.replace("/artifacts/", "/other/")),
      upload(url.replace("tsk_1/log", "tsk_1%2Flog")),
      upload(url, "DELETE"),
      upload(url, "GET"),
      upload(url.replace("X-Amz-Expires=60", "X-Amz-Expires=6000")),
      upload(`${url}&x-amz-meta-more=1`),
      upload(url.replace(/X-Amz-Signature=.{64}/, `X-Amz-Signature=${"é".repeat(64)}`)),
      upload(`${url}&X-Amz-Signature=${"0".repeat(64)}`),
    ];
    for (const answer of await Promise.all(forged)) {
      expect(answer.status, answer.url).toBe(403);
    }
    expect(await read("tsk_2/log")).toBe("theirs");
    await expect(read("tsk_1/log")).rejects.toBeInstanceOf(NoSuchKey);
    // The control: untouched, the URL works.
    expect((await upload(url)).status).toBe(200);
  });

  it("ends at its expiry, to the second", async () => {
    const url = await presignPut("x", 60);
    const signedAt = Math.floor(Date.now() / 1000) * 1000;
    clock = signedAt + 58_000;
    expect((await fetch(url, { method: "PUT", body: "x" })).status).toBe(200);
    clock = signedAt + 61_001;
    expect(await codeOf(await fetch(url, { method: "PUT", body: "y" }))).toBe("403 AccessDenied");
    expect(
      await codeOf(await fetch(url.replace("Expires=60", "Expires=700000"), { method: "PUT", body: "y" })),
    ).toMatch(/^403/);
    clock = signedAt - 16 * 60_000;
    expect(await codeOf(await fetch(url, { method: "PUT", body: "y" }))).toBe("403 AccessDenied");
  });

  it("cannot be extended by headers that were not signed", async () => {
    const headers = { "x-amz-meta-more": "1" };
    const answer = await fetch(await presignPut("x"), { method: "PUT", body: "x", headers });
    expect(await codeOf(answer)).toBe("403 AccessDenied");
  });

  it("by somebody with another secret or key id is refused", async () => {
    for (const [stranger, code] of [
      [{ ...credentials, secretAccessKey: "guess" }, "403 SignatureDoesNotMatch"],
      [{ ...credentials, accessKeyId: "AKIAOTHER" }, "403 InvalidAccessKeyId"],
    ] as const) {
      const other = client({ credentials: stranger });
      const url = await getSignedUrl(other, new PutObjectCommand({ Bucket, Key: "x" }));
      expect(await codeOf(await fetch(url, { method: "PUT", body: "x" }))).toBe(code);
      other.destroy();
    }
  });

  it("that was signed with the checksum of an empty body (the SDK's default) is caught here", async () => {
    const byDefault = client({ requestChecksumCalculation: "WHEN_SUPPORTED" });
    const url = await getSignedUrl(byDefault, new PutObjectCommand({ Bucket, Key: "x" }));
    byDefault.destroy();
    expect(url).toContain("x-amz-checksum-crc32=AAAAAA");
    expect(await codeOf(await fetch(url, { method: "PUT", body: "x" }))).toBe("400 BadDigest");
  });
});

describe("a request", () => {
  it("without a signature is refused", async () => {
    await put("x");
    expect(await codeOf(await fetch(`${local.url}/${Bucket}/x`))).toBe("403 AccessDenied");
    expect(await codeOf(await fetch(`${local.url}/${Bucket}?list-type=2`))).toBe("403 AccessDenied");
  });

  it("that was signed over 15 minutes ago is refused", async () => {
    clock += 16 * 60_000;
    // The SDK corrects its clock from the Date header and tries again: that one still comes from the real clock.
    await expect(put("x")).rejects.toMatchObject({ name: "RequestTimeTooSkewed" });
  });

  it("for an operation that is not there is an error, not a plain PUT", async () => {
    await put("x", "as it was");
    const tagging = new PutObjectTaggingCommand({ Bucket, Key: "x", Tagging: { TagSet: [] } });
    await expect(s3.send(tagging)).rejects.toMatchObject({ name: "NotImplemented" });
    expect(await read("x")).toBe("as it was");
  });

  it.each([
    ["InvalidURI", () => put("line\nfeed")],
    ["KeyTooLongError", () => put("é".repeat(513))],
    ["NotImplemented", () => s3.send(new CreateBucketCommand({ Bucket }))],
    ["NotImplemented", () => s3.send(new GetObjectCommand({ Bucket, Key: "x", IfMatch: "x" }))],
    ["NotImplemented", () => s3.send(new CopyObjectCommand({ Bucket, Key: "y", CopySource: `${Bucket}/x` }))],
    ["NotImplemented", () => s3.send(new ListObjectsV2Command({ Bucket, Delimiter: "/" }))],
    ["MetadataTooLarge", () => s3.send(new PutObjectCommand({ Bucket, Key: "x", Metadata: { a: "x".repeat(5000) } }))],
  ])("that it cannot serve is refused by name: %s", async (name, act) => {
    await put("x");
    await expect(act()).rejects.toMatchObject({ name });
  });

  it("for a bucket tells whether it is there", async () => {
    await s3.send(new HeadBucketCommand({ Bucket }));
    await expect(s3.send(new HeadBucketCommand({ Bucket: "nowhere" }))).rejects.toMatchObject({ name: "NotFound" });
    const listed = s3.send(new ListObjectsV2Command({ Bucket: "nowhere" }));
    await expect(listed).rejects.toMatchObject({ name: "NoSuchBucket" });
  });
});

describe("a list", () => {
  it("comes by prefix, in byte order, page by page", async () => {
    for (const key of ["b/2", "b/10", "b/é", "b/<&>", "a/1", "c"]) await put(key);
    const pages: (string | undefined)[][] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "b/", MaxKeys: 2, ContinuationToken }));
      pages.push((page.Contents ?? []).map(({ Key }) => Key));
      ContinuationToken = page.NextContinuationToken;
      expect(page.IsTruncated).toBe(ContinuationToken !== undefined);
    } while (ContinuationToken);
    expect(pages).toEqual([
      ["b/10", "b/2"],
      ["b/<&>", "b/é"],
    ]);
    const { Contents, KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket, StartAfter: "b/é" }));
    expect(KeyCount).toBe(1);
    expect(Contents?.[0]).toMatchObject({ Key: "c", Size: 1, LastModified: new Date(clock) });
  });
});
