import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { beforeAll, describe, expect, it } from "vitest";
import { app } from "../../functions/api.ts";
import { stageVariables, useStageServices } from "../support/stage-services.ts";

const root = resolve(import.meta.dirname, "../..");
const run = promisify(execFile);

/** As a deploy leaves it. */
const environment = stageVariables("/drover/production", {
  DROVER_TABLE: "drover-production",
  DROVER_PUBLIC_ORIGIN: "https://drover.example.com",
});

const setUp = (...options: string[]) => run(process.execPath, ["scripts/set-up.ts", ...options], { cwd: root });

useStageServices(environment);
beforeAll(async () => {
  const Value = JSON.stringify(environment);
  await new SSMClient().send(
    new PutParameterCommand({ Name: "/drover/production/environment", Value, Type: "String" }),
  );
});

const keyIn = (text: string) => /drv_\S+/.exec(text)?.[0] ?? "";
const whoIs = async (apiKey: string) =>
  (await app.request("/api/session", { headers: { "X-API-Key": apiKey } })).json();

describe("setting a stage up", () => {
  let firstKey = "";

  it("makes its secrets, and a key that the API takes for one that may do everything", async () => {
    const { stdout } = await setUp("--stage", "production", "--name", "ada");
    firstKey = keyIn(stdout);
    expect(await whoIs(firstKey)).toMatchObject({ name: "ada", role: "super_admin", workspace: "default" });
    expect(stdout).toContain("https://drover.example.com");
  });

  it("done again makes one more key, and the first one still opens: the secrets have stayed", async () => {
    const second = keyIn((await setUp()).stdout);
    expect(await whoIs(second)).toMatchObject({ name: "owner" });
    expect(await whoIs(firstKey)).toMatchObject({ name: "ada" });
  });

  it("of a stage that was not deployed says so, and how to", async () => {
    await expect(setUp("--stage", "pr-7")).rejects.toThrow(
      /Stage pr-7 was not deployed in eu-west-1. First: npx sst deploy/,
    );
  });
});
