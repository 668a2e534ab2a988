// A remote that costs next to nothing: what git has once answered to a question is answered again from memory.
import { hash } from "node:crypto";
import { type Endpoint, listenOnLoopback, readBody } from "../../../infra/local/aws-json.ts";
import { startGitServer } from "../../../infra/local/git-server.ts";

const maxBodyBytes = 1 << 20;

/** The repository in `directory`; nobody may push. */
export async function startRememberingRemote(directory: string): Promise<Endpoint> {
  const git = await startGitServer({
    authorize: (_user, _password, { service }) => service === "git-upload-pack",
    resolve: () => directory,
  });
  const known = new Map<string, Promise<{ status: number; type: string; body: Buffer }>>();
  const server = await listenOnLoopback(async (request, response) => {
    const { method = "GET", url = "/", headers } = request;
    const sent = await readBody(request, maxBodyBytes);
    const protocol = String(headers["git-protocol"] ?? "");
    const contentType = String(headers["content-type"] ?? "");
    const ask = async () => {
      const answer = await fetch(`${git.url}${url}`, {
        method,
        headers: { "git-protocol": protocol, ...(contentType ? { "content-type": contentType } : {}) },
        ...(sent.length > 0 ? { body: new Uint8Array(sent) } : {}),
      });
      const type = answer.headers.get("content-type") ?? "";
      return { status: answer.status, type, body: Buffer.from(await answer.arrayBuffer()) };
    };
    const question = `${method} ${url} ${protocol} ${hash("sha256", sent)}`;
    const answering = known.get(question) ?? ask();
    known.set(question, answering);
    const { status, type, body } = await answering;
    response.writeHead(status, { "content-type": type }).end(body);
  });
  return {
    url: `${server.url}/project.git`,
    async close() {
      await server.close();
      await git.close();
    },
  };
}
