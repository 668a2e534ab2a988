import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DeleteParameterCommand,
  GetParameterCommand,
  GetParametersByPathCommand,
  ParameterAlreadyExists,
  ParameterNotFound,
  PutParameterCommand,
  type PutParameterCommandInput,
  SSMClient,
} from "@aws-sdk/client-ssm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Endpoint } from "../../../infra/local/aws-json.ts";
import { startSsm } from "../../../infra/local/ssm.ts";

const now = () => Date.UTC(2026, 0, 1);

let dir: string;
let file: string;
let local: Endpoint;
let ssm: SSMClient;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "drover-ssm-"));
  file = join(dir, "parameters.json");
  await start();
});

afterEach(async () => {
  ssm.destroy();
  await local.close();
  await rm(dir, { recursive: true });
});

async function start(): Promise<void> {
  local = await startSsm({ file, now });
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  ssm = new SSMClient({ region: "us-east-1", endpoint: local.url, credentials });
}

const put = (Name: string, Value: string, more: Partial<PutParameterCommandInput> = {}) =>
  ssm.send(new PutParameterCommand({ Name, Value, Type: "SecureString", ...more }));

async function get(Name: string, WithDecryption = true) {
  return (await ssm.send(new GetParameterCommand({ Name, WithDecryption }))).Parameter;
}

describe("a parameter", () => {
  it("is stored in a file for its owner only, and survives a restart", async () => {
    expect((await put("/drover/acme/git", "s3cret")).Version).toBe(1);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    ssm.destroy();
    await local.close();
    await start();
    expect(await get("/drover/acme/git")).toMatchObject({
      Name: "/drover/acme/git",
      Type: "SecureString",
      Value: "s3cret",
      Version: 1,
      LastModifiedDate: new Date(now()),
      ARN: "arn:aws:ssm:us-east-1:000000000000:parameter/drover/acme/git",
    });
  });

  it("is overwritten only on request, and counts its versions", async () => {
    await put("/a", "1");
    await expect(put("/a", "2")).rejects.toBeInstanceOf(ParameterAlreadyExists);
    expect((await put("/a", "2", { Overwrite: true, Type: undefined })).Version).toBe(2);
    expect(await get("/a")).toMatchObject({ Value: "2", Version: 2, Type: "SecureString" });
  });

  it("shows a SecureString only to those who ask for it", async () => {
    await put("/secret", "s3cret");
    await put("/plain", "text", { Type: "String" });
    expect((await get("/secret", false))?.Value).not.toContain("s3cret");
    expect((await get("/plain", false))?.Value).toBe("text");
  });

  it("is gone when deleted", async () => {
    await put("/a", "1");
    await ssm.send(new DeleteParameterCommand({ Name: "/a" }));
    await expect(get("/a")).rejects.toBeInstanceOf(ParameterNotFound);
    await expect(ssm.send(new DeleteParameterCommand({ Name: "/a" }))).rejects.toBeInstanceOf(ParameterNotFound);
    expect((await put("/a", "2")).Version).toBe(1);
  });

  it.each([
    ["an empty value", "/a", "", {}],
    ["a long value", "/a", "x".repeat(4097), {}],
    ["a longer value in the advanced tier", "/a", "x".repeat(8193), { Tier: "Advanced" }],
    ["a name of AWS's own", "/aws/a", "x", {}],
    ["a path without a slash before it", "a/b", "x", {}],
    ["odd characters", "/a b", "x", {}],
    ["a list", "/a", "x", { Type: "StringList" }],
    ["no type", "/a", "x", { Type: undefined }],
  ] as const)("is refused with %s", async (_, name, value, more) => {
    await expect(put(name, value, more)).rejects.toMatchObject({ name: "ValidationException" });
    await expect(get(name)).rejects.toBeInstanceOf(ParameterNotFound);
  });

  it("may not be lost when many are put at once; one of two equals wins", async () => {
    const names = Array.from({ length: 20 }, (_, index) => `/many/${index}`);
    await Promise.all(names.map((name) => put(name, name)));
    const stored = JSON.parse(await readFile(file, "utf8"));
    expect(Object.keys(stored).toSorted()).toEqual(names.toSorted());
    const results = await Promise.allSettled([put("/same", "1"), put("/same", "2")]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  });
});

describe("a path", () => {
  it("lists what lies right below it, or everything, page by page", async () => {
    for (const name of ["/d/a", "/d/b", "/d/c/x", "/dd", "/e/a"]) await put(name, name);
    const list = (more: { Recursive?: boolean; MaxResults?: number; NextToken?: string }) =>
      ssm.send(new GetParametersByPathCommand({ Path: "/d", WithDecryption: true, ...more }));
    expect((await list({})).Parameters?.map(({ Value }) => Value)).toEqual(["/d/a", "/d/b"]);
    const first = await list({ Recursive: true, MaxResults: 2 });
    expect(first.Parameters?.map(({ Name }) => Name)).toEqual(["/d/a", "/d/b"]);
    const second = await list({ Recursive: true, MaxResults: 2, NextToken: first.NextToken });
    expect(second.Parameters?.map(({ Name }) => Name)).toEqual(["/d/c/x"]);
    expect(second.NextToken).toBeUndefined();
    await expect(list({ MaxResults: 11 })).rejects.toMatchObject({ name: "ValidationException" });
  });
});

it("a file that cannot be read is an error at the start, not an empty store", async () => {
  await writeFile(join(dir, "broken.json"), "{");
  await expect(startSsm({ file: join(dir, "broken.json") })).rejects.toThrow("broken.json");
});
