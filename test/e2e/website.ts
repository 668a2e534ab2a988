// The repository that the stories' tasks are for: a small website, served as a forge would serve it.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { startGitServer } from "../../infra/local/git-server.ts";

const files = {
  "README.md": "# Website\n\nWhat visitors of Acme see.\n",
  "package.json": '{ "name": "website", "type": "module", "scripts": { "test": "node --test" } }\n',
  "src/greet.js": 'export function greet(name) {\n  var text = "Hello " + name;\n  return text;\n}\n',
  "src/price.js":
    "// In cents, with the discount taken off.\nexport const price = (cents, discount) => cents + discount;\n",
  "test/greet.test.js": [
    'import assert from "node:assert";',
    'import test from "node:test";',
    'import { greet } from "../src/greet.js";',
    "",
    'test("greets by name", () => assert.equal(greet("Ada"), "Hello Ada"));',
    "",
  ].join("\n"),
};

export async function serveWebsite(dir: string): Promise<{ url: string; close(): Promise<void> }> {
  const [work, bare] = [join(dir, "website"), join(dir, "website.git")];
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(work, dirname(path)), { recursive: true });
    writeFileSync(join(work, path), text);
  }
  const git = (cwd: string, ...args: string[]) => execFileSync("git", args, { cwd });
  git(work, "init", "--quiet", "--initial-branch=main");
  git(work, "add", "--all");
  git(work, "-c", "user.name=Ada", "-c", "user.email=ada@acme.test", "commit", "--quiet", "-m", "The website");
  git(dir, "clone", "--quiet", "--bare", work, bare);
  const server = await startGitServer({
    // Under the name of the forge's only repository, too.
    resolve: (path) => (["/acme/website.git", "/acme/shop.git"].includes(path) ? bare : undefined),
    authorize: () => true,
  });
  return { url: `${server.url}/acme/website.git`, close: server.close };
}
