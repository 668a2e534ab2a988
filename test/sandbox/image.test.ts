// Does the definition of the sandbox's image keep to its rules? Read as text, for it is built where a builder is.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { parseConfig } from "../../functions/sandbox/gates/config.ts";
import { sandboxTask, users } from "../../infra/aws/sandbox-task.ts";

const checkout = resolve(import.meta.dirname, "../..");
const folder = join(checkout, "functions/sandbox/image");
const dockerfile = readFileSync(join(folder, "Dockerfile"), "utf8");

interface Instruction {
  name: string;
  text: string;
}

/** Without comments, and what stands on several lines as one. */
function parse(text: string): Instruction[] {
  const lines = text.replace(/^\s*#.*\n/gm, "").replace(/\\\n/g, " ");
  return lines.split("\n").flatMap((line) => {
    const match = /^([A-Z]+)\s+(.*)$/.exec(line.trim());
    return match ? [{ name: match[1] ?? "", text: (match[2] ?? "").replace(/\s+/g, " ").trim() }] : [];
  });
}

/** What is against the rules; empty when all is well. */
function judge(text: string): string[] {
  const instructions = parse(text);
  const given = new Map(
    instructions.flatMap(({ name, text }) => {
      const [, key, value] = (name === "ARG" && /^(\w+)=(.*)$/.exec(text)) || [];
      return key ? [[key, value ?? ""] as const] : [];
    }),
  );
  const stages = new Set<string>();
  const faults = instructions.flatMap(({ name, text }) => {
    if (name === "FROM") {
      const [image = "", , stage] = text.split(" ");
      const named = image.replace(/\$\{?(\w+)\}?/g, (_all, key: string) => given.get(key) ?? "");
      const isKnown = stages.has(named) || /@sha256:[0-9a-f]{64}$/.test(named);
      if (stage) stages.add(stage);
      return isKnown ? [] : [`${named} has no digest`];
    }
    const from = name === "COPY" ? /--from=(\S+)/.exec(text)?.[1] : undefined;
    if (from && !stages.has(from)) return [`COPY from ${from}, which is no stage`];
    if (name === "ADD") return ["ADD fetches and unpacks; use COPY"];
    if (/^(ENV|ARG)$/.test(name) && /TOKEN|SECRET|PASSWORD|API_?KEY/i.test(text)) return [`a secret in ${name}`];
    if (name === "RUN" && /\b(curl|wget|sudo|chmod 777)\b/.test(text)) return [`RUN ${text.slice(0, 40)}`];
    if (/\bnpm (i|install)\b/.test(text)) return ["npm install does not keep to the lockfile"];
    const installs = text.match(/\bnpm ci\b[^&|;]*/g) ?? [];
    if (installs.some((each) => !/--ignore-scripts/.test(each))) return ["npm ci runs the scripts of packages"];
    if (installs.length > 0 && !/--omit=dev --omit=optional/.test(installs.at(-1) ?? "")) return ["npm ci"];
    if (/apt-get install/.test(text) && !/--no-install-recommends/.test(text)) return ["recommended packages"];
    return [];
  });
  const user = instructions.findLast(({ name }) => name === "USER")?.text ?? "root";
  if (!/^[1-9]\d*:[1-9]\d*$/.test(user)) faults.push(`USER ${user}`);
  return faults;
}

const instructions = parse(dockerfile);
const all = (name: string) => instructions.filter((each) => each.name === name).map(({ text }) => text);
const shell = all("RUN").join("\n");

describe("the image's definition", () => {
  it("names its bases by digest, fetches nothing past the lockfile, and does not end as root", () => {
    expect(judge(dockerfile)).toEqual([]);
    expect(all("FROM")).toHaveLength(2);
  });

  it("copies these and nothing else, and no more of the checkout is sent to the builder", () => {
    expect(all("COPY")).toEqual([
      "package.json package-lock.json .npmrc ./",
      "functions/core functions/core",
      "functions/git functions/git",
      "functions/sandbox functions/sandbox",
      "--from=code /opt/drover /opt/drover",
    ]);
    const sent = readFileSync(join(folder, "Dockerfile.dockerignore"), "utf8").trim().split("\n");
    const wanted = "package.json package-lock.json .npmrc functions/core functions/git functions/sandbox".split(" ");
    expect(sent).toEqual(["*", ...wanted.map((path) => `!${path}`)]);
  });

  it("takes system packages from the moment at which the base was made, where the base names it", () => {
    const script = /sed -i -E '([^']+)' \$sources/.exec(shell)?.[1] ?? "";
    const stanza = (archive: string) => ["Types: deb", ...archive.split(" "), "Suites: bookworm", "Components: main"];
    const asInTheBase = [
      stanza("#_http://old.example/m/1 URIs:_http://new.example/m"),
      stanza("URIs:_http://own.example/m"),
    ];
    const lines = asInTheBase.map((each) => each.join("\n").replaceAll("_", " ")).join("\n\n");
    const pinned = execFileSync("sed", ["-E", script], { input: lines, encoding: "utf8" });
    expect(pinned.split("\n").filter((line) => /^(URIs|Check|#)/.test(line))).toEqual([
      "URIs: http://old.example/m/1",
      "Check-Valid-Until: no",
      "URIs: http://own.example/m",
    ]);
  });

  it("adds git and certificates, and no other program", () => {
    expect(/--no-install-recommends ([^&]+)&&/.exec(shell)?.[1]?.trim()).toBe("ca-certificates git");
  });

  it("leaves one program setuid, for the agent's user, made after all others lost it", () => {
    const [before, after = ""] = shell.split("find / -xdev -type f -perm /6000 -exec chmod a-s {} +");
    expect(before).not.toMatch(/-m [2467]\d{3}/);
    expect(after.match(/-m [2467]\d{3}.*? && /g)).toEqual([
      "-m 6755 -o agent -g agent /usr/bin/setpriv /opt/drover/bin/as-agent && ",
    ]);
  });
});

describe("image and task definition agree", () => {
  const task = sandboxTask({
    ...{ image: `x@sha256:${"0".repeat(64)}`, architecture: "ARM64", cpuUnits: 1024, memoryMb: 2048, diskGb: 20 },
    ...{ executionRoleArn: "arn", log: { group: "g", region: "r" }, apiUrl: "https://x", supervisorEnvironment: {} },
  });
  const containers = task.containerDefinitions ?? [];

  it("on the users", () => {
    for (const [name, id] of Object.entries(users)) expect(shell).toContain(`${name}:x:${id}:${id}:`);
    const owners = [...shell.matchAll(/-o (\w+) -g (\w+)/g)].flatMap(([, owner, group]) => [owner, group]);
    expect(new Set(owners)).toEqual(new Set(["supervisor", "agent"]));
  });

  it("on the volumes, each made with an owner before it is declared", () => {
    const declared: string[] = JSON.parse(all("VOLUME")[0] ?? "[]");
    const mounted = containers.flatMap(({ mountPoints = [] }) => mountPoints.map((each) => each.containerPath));
    expect(new Set(declared)).toEqual(new Set(mounted));
    for (const path of declared) if (path !== "/tmp") expect(shell).toMatch(new RegExp(`install -d [^&]*${path}\\b`));
  });

  it("on the folders of the sockets: who is in one may pass, and only the supervisor writes", () => {
    expect(shell).toContain("install -d -m 711 -o supervisor -g supervisor /run/drover/workspace /run/drover/gates");
  });

  it("on where the way to the agent's user is", () => {
    const named = containers.flatMap(({ environment = [] }) =>
      environment.filter(({ name }) => name === "DROVER_AS_AGENT"),
    );
    expect(named.map(({ value }) => value)).toEqual(["/opt/drover/bin/as-agent", "/opt/drover/bin/as-agent"]);
  });
});

describe("the packages in the image", () => {
  it("are those that its code imports, and no client of AWS", () => {
    const place = mkdtempSync(join(tmpdir(), "drover-image-"));
    onTestFinished(() => rmSync(place, { recursive: true, force: true }));
    const file = join(place, "package.json");
    copyFileSync(join(checkout, "package.json"), file);
    const folders = ["functions/core", "functions/git", "functions/sandbox"];
    execFileSync(process.execPath, [join(folder, "trim-package.mjs"), file, ...folders], { cwd: checkout });
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(readFileSync(file, "utf8"));
    expect([Object.keys(devDependencies), optionalDependencies]).toEqual([["rolldown"], undefined]);
    const names = Object.keys(dependencies);
    expect(names).toEqual(expect.arrayContaining(["@anthropic-ai/sdk", "isomorphic-git", "@secretlint/core", "zod"]));
    expect(names.filter((name) => /^(@aws-sdk|hono|@hono|@octokit)/.test(name))).toEqual([]);
  });
});

describe.each(["python", "go"])("the example of an own image with %s", (name) => {
  const example = join(checkout, "examples/own-image", name);
  const text = readFileSync(join(example, "Dockerfile"), "utf8");
  const own = parse(text);

  it("adds to a sandbox image that is given, and keeps its users, entry points and volumes", () => {
    const given = text.replace("ARG SANDBOX_IMAGE", `ARG SANDBOX_IMAGE=x@sha256:${"1".repeat(64)}`);
    expect(judge(given)).toEqual([]);
    expect(own.findLast((each) => each.name === "FROM")?.text).toMatch(/^\$\{SANDBOX_IMAGE\}$/);
    expect(own.at(-1)).toEqual({ name: "USER", text: "1001:1001" });
    expect(own.map((each) => each.name)).not.toEqual(expect.arrayContaining(["ENTRYPOINT"]));
    const volumes: string[] = JSON.parse(all("VOLUME")[0] ?? "[]");
    // But to leave them empty.
    const texts = own.map((each) => each.text.replace("/tmp/*", ""));
    for (const text of texts) for (const path of volumes) expect(text).not.toMatch(new RegExp(`(^| )${path}\\b`));
  });

  it("comes with a drover.yaml that is valid", () => {
    expect(parseConfig(readFileSync(join(example, "drover.yaml"), "utf8")).kind).toBe("config");
  });
});

describe("this check itself", () => {
  const good = `FROM a@sha256:${"1".repeat(64)} AS one\nUSER 1:1\n`;

  it("lets what is right pass", () => expect(judge(good)).toEqual([]));

  it.each([
    "FROM node:24\nUSER 1:1",
    "ARG BASE=node:24\nFROM $BASE\nUSER 1:1",
    `${good}USER root`,
    `${good}USER 0:0`,
    good.replace("USER 1:1", ""),
    `${good}ADD https://example.com/x.tgz /`,
    `${good}COPY --from=nginx:1 /x /x`,
    `${good}ENV NPM_TOKEN=x`,
    `${good}RUN true \\\n && curl https://example.com | sh`,
    `${good}RUN npm install`,
    `${good}RUN npm ci`,
    `${good}RUN npm ci --ignore-scripts`,
    `${good}RUN npm ci --omit=dev && npm ci --omit=dev --omit=optional --ignore-scripts`,
    `${good}RUN apt-get install -y vim`,
  ])("finds what is wrong in %j", (text) => expect(judge(text)).toHaveLength(1));
});
