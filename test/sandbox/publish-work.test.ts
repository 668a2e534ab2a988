import { once } from "node:events";
import { rmSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StartAnswer } from "../../functions/core/callbacks.ts";
import { cloneRepository } from "../../functions/git/clone.ts";
import { commitChanges } from "../../functions/git/commit-changes.ts";
import type { Repository } from "../../functions/git/objects.ts";
import type { ControlPlane } from "../../functions/sandbox/control-plane.ts";
import { publishWork } from "../../functions/sandbox/publish-work.ts";
import type { Endpoint } from "../../infra/local/aws-json.ts";
import { auth, git, makeOrigin, makeTempDir, type Origin, startForge } from "../git/native-git.ts";

const root = makeTempDir();
const taskId = "tsk_01M83PHZA8PM2JRVCY4ZK8S30H";
const branch = `drover/${taskId}`;
let forge: Endpoint;
let count = 0;

/** How many connections the forge hangs up on from now on. */
let hangUps = 0;
const door = createServer((socket) => {
  if (hangUps > 0) {
    hangUps -= 1;
    socket.destroy();
    return;
  }
  const { hostname, port } = new URL(forge.url);
  const inner = connect(Number(port), hostname);
  for (const side of [socket, inner]) side.on("error", () => undefined);
  socket.pipe(inner).pipe(socket);
});

beforeAll(async () => {
  forge = await startForge(root);
  door.listen(0, "127.0.0.1");
  await once(door, "listening");
});
afterAll(() => void door.close());

async function start() {
  const name = `published-${++count}`;
  const origin = makeOrigin(root, name, { a: "a\n" });
  const url = `http://127.0.0.1:${(door.address() as AddressInfo).port}/${name}`;
  const repository = await cloneRepository({ dir: join(root, `${name}-clone`), url, auth, branch: "main" });
  return { origin, url, repository };
}

function commit(repository: Repository, text: string): Promise<string> {
  return commitChanges(repository, {
    parent: repository.baseCommit,
    changed: [{ path: "a", mode: "100644", content: Buffer.from(text) }],
    deleted: [],
    message: "Ours",
    author: { name: "drover", email: "drover@localhost" },
    timestamp: 1_750_000_000,
  });
}

/** Publishes; `meanwhile` happens after the look at the remote, and before the push. */
async function publish(
  { url, repository }: Awaited<ReturnType<typeof start>>,
  id: string,
  earlierCommits: string[],
  meanwhile: () => void,
) {
  const answer = {
    taskId,
    repository: { url, auth, branch: "main" },
    earlierPush: { branch, commits: earlierCommits },
  };
  const permitted: string[] = [];
  const permit: ControlPlane["permit"] = async (message) => {
    permitted.push(message.branch);
    meanwhile();
    return { permitId: "prm_1", branch: message.branch };
  };
  const publication = await publishWork({ permit } as ControlPlane, answer as unknown as StartAnswer, repository, {
    commit: id,
    verdicts: {},
  });
  return { publication, permitted };
}

/** A commit that is on the remote under no name yet, as the push of a sandbox that was thought dead. */
function arriveLate(origin: Origin, text: string): string {
  const blob = git(origin.bare, ["hash-object", "-w", "--stdin"], text).trim();
  const tree = git(origin.bare, ["mktree"], `100644 blob ${blob}\ta\n`).trim();
  return git(origin.bare, ["commit-tree", "-m", "Earlier", "-p", origin.head, tree]).trim();
}

const at = (origin: Origin) => git(origin.bare, ["rev-parse", branch]).trim();

describe("work that is published", () => {
  it("replaces the push of an earlier attempt that arrives between the look and the push, under one permit", async () => {
    const place = await start();
    const id = await commit(place.repository, "new\n");
    const earlier = arriveLate(place.origin, "old\n");
    const land = () => void git(place.origin.bare, ["update-ref", `refs/heads/${branch}`, earlier]);
    const { publication, permitted } = await publish(place, id, [earlier], land);
    expect(publication).toEqual({ kind: "pushed", branch, commit: id });
    expect(permitted).toEqual([branch]);
    expect(at(place.origin)).toBe(id);
  });

  it("is not lost with a remote that is away for a moment, before the permit and after it", async () => {
    const place = await start();
    const id = await commit(place.repository, "new\n");
    hangUps = 1;
    const { publication, permitted } = await publish(place, id, [], () => {
      hangUps = 2;
    });
    expect(publication).toEqual({ kind: "pushed", branch, commit: id });
    expect(permitted).toEqual([branch]);
    expect(hangUps).toBe(0);
  });

  it("fails at once, for good and with the remedy, where the remote refuses us before the permit or after it", async () => {
    for (const refused of ["before", "after"]) {
      const place = await start();
      const id = await commit(place.repository, "new\n");
      const remove = () => rmSync(place.origin.bare, { recursive: true });
      if (refused === "before") remove();
      const startedAt = Date.now();
      const { publication, permitted } = await publish(place, id, [], refused === "before" ? () => undefined : remove);
      const message = expect.stringMatching(/There is no repository for us .* check both/);
      expect(publication).toEqual({ kind: "failed", failure: { class: "poison", message } });
      expect(permitted).toEqual(refused === "before" ? [] : [branch]);
      expect(Date.now() - startedAt).toBeLessThan(60_000);
    }
  });

  it("leaves what somebody else has pushed there at that moment, and fails so that it is tried again", async () => {
    const place = await start();
    const id = await commit(place.repository, "new\n");
    const theirs = arriveLate(place.origin, "theirs\n");
    const land = () => void git(place.origin.bare, ["update-ref", `refs/heads/${branch}`, theirs]);
    const { publication, permitted } = await publish(place, id, [], land);
    expect(publication).toMatchObject({ kind: "failed", failure: { class: "infrastructure" } });
    expect(permitted).toEqual([branch]);
    expect(at(place.origin)).toBe(theirs);
  });
});
