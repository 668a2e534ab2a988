// What does the demo work on? A small project with a remote behind smart HTTP, where a token is needed to get in.
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Endpoint } from "../../infra/local/aws-json.ts";
import { startGitServer } from "../../infra/local/git-server.ts";

const run = promisify(execFile);

/** The content of each file, by its path. */
export type Project = Record<string, string>;

export const codemod = ["node", "tools/var-to-const.mjs"];

const greeter: Project = {
  "package.json": '{\n  "name": "greeter",\n  "type": "module"\n}\n',
  "src/greet.js": 'export function greet(name) {\n  var text = "Hello, " + name + "!";\n  return text;\n}\n',
  "src/index.js":
    'import { greet } from "./greet.js";\n\nvar names = ["Ada", "Grace"];\nfor (var name of names) console.log(greet(name));\n',
  "tools/var-to-const.mjs": `// Replaces var by const in every file under src/.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

for (const file of readdirSync("src")) {
  const before = readFileSync(\`src/\${file}\`, "utf8");
  const after = before.replaceAll(/\\bvar\\b/g, "const");
  if (after === before) continue;
  writeFileSync(\`src/\${file}\`, after);
  console.log(\`src/\${file}: \${before.match(/\\bvar\\b/g).length} replaced\`);
}
`,
};

/** The files that the codemod must have changed, as they must be afterwards. */
export const expectedFiles = Object.fromEntries(
  Object.entries(greeter)
    .filter(([path]) => path.startsWith("src/"))
    .map(([path, text]) => [path, text.replaceAll(/\bvar\b/g, "const")]),
);

export interface DemoRemote extends Endpoint {
  repository: string;
  /** The bare repository on disk, to look with git itself at what was pushed. */
  bareDir: string;
}

export async function createRemote(dir: string, token: string, project = greeter): Promise<DemoRemote> {
  const work = join(dir, "work");
  const bareDir = join(dir, "remotes", "project.git");
  for (const [path, text] of Object.entries(project)) {
    await mkdir(join(work, dirname(path)), { recursive: true });
    await writeFile(join(work, path), text);
  }
  await git(work, "init", "--quiet", "--initial-branch=main");
  await git(work, "add", "--all");
  await git(
    work,
    "-c",
    "user.name=Demo",
    "-c",
    "user.email=demo@localhost",
    "commit",
    "--quiet",
    "-m",
    "A small project",
  );
  await git(dir, "clone", "--quiet", "--bare", work, bareDir);
  const server = await startGitServer({
    resolve: (path) => (path === "/project.git" ? bareDir : undefined),
    authorize: (_user, password) => password === token,
  });
  return { ...server, repository: `${server.url}/project.git`, bareDir };
}

export async function git(cwd: string, ...args: string[]): Promise<string> {
  const { stdout } = await run("git", args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, GIT_CONFIG_NOSYSTEM: "1" },
  });
  return stdout;
}
