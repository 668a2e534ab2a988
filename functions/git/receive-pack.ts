// How is a branch on the remote made, moved or deleted? The receiving half of git's protocol, one branch at a time.
import git from "isomorphic-git";
import { decodePackets, encodePacket, flushPacket, splitSideBand } from "./pkt-line.ts";
import type { GitAuth, RemoteCall } from "./remote-call.ts";

export interface BranchChange {
  branch: string;
  /** Where the branch is now; undefined makes it. */
  from: string | undefined;
  /** Where it shall be; undefined deletes it. */
  to: string | undefined;
  pack?: Uint8Array;
}

export interface Refusal {
  kind: "rejected";
  reason: "not_fast_forward" | "refused_by_server";
  message: string;
}

const nullOid = "0".repeat(40);
const maxServerTextLength = 2000;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what we remove
const ansiSequences = /\u001b\[[0-9;]*[A-Za-z]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what we remove
const controlCharacters = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** What the remote holds and can do, as it tells somebody who means to push. */
export async function lookBeforePush(
  remote: RemoteCall,
): Promise<{ refs: Map<string, string>; capabilities: string[] }> {
  const { refs = [], capabilities } = await git.getRemoteInfo2({ ...remote.engine, forPush: true, protocolVersion: 1 });
  return { refs: new Map(refs.map(({ ref, oid }) => [ref, oid])), capabilities: Object.keys(capabilities) };
}

/** The server changes the branch only if it is still at `from`, in one step, so nothing that came between is lost. */
export async function changeBranch(
  remote: RemoteCall,
  auth: GitAuth | undefined,
  capabilities: string[],
  { branch, from = nullOid, to = nullOid, pack }: BranchChange,
): Promise<{ kind: "done" } | Refusal> {
  const ref = `refs/heads/${branch}`;
  const wanted = ["report-status", "side-band-64k"].filter((name) => capabilities.includes(name));
  const command = encodePacket(`${from} ${to} ${ref}\0 ${wanted.join(" ")}\n`);
  const answer = await send(remote, auth, [command, Buffer.from(flushPacket), ...(pack ? [pack] : [])]);
  return readReport(answer, wanted.includes("side-band-64k"), ref);
}

async function send(remote: RemoteCall, auth: GitAuth | undefined, body: Uint8Array[]): Promise<Buffer> {
  const basic = auth && Buffer.from(`${auth.username}:${auth.password}`).toString("base64");
  const response = await remote.http.request({
    url: `${remote.url}/git-receive-pack`,
    method: "POST",
    headers: {
      "content-type": "application/x-git-receive-pack-request",
      accept: "application/x-git-receive-pack-result",
      ...(basic ? { authorization: `Basic ${basic}` } : {}),
    },
    body: (async function* () {
      yield* body;
    })(),
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body ?? []) chunks.push(chunk);
  if (response.statusCode !== 200) {
    throw Object.assign(new Error("push refused"), { code: "HttpError", data: { statusCode: response.statusCode } });
  }
  return Buffer.concat(chunks);
}

function readReport(answer: Buffer, sideBand: boolean, ref: string): { kind: "done" } | Refusal {
  const packets = decodePackets(answer);
  const bands = sideBand ? splitSideBand(packets) : undefined;
  const lines = (bands ? decodePackets(bands.data) : packets).map((line) => line.toString().trimEnd());
  if (lines[0] === "unpack ok" && lines.includes(`ok ${ref}`)) return { kind: "done" };
  const unpack = lines.find((line) => line.startsWith("unpack ") && line !== "unpack ok");
  const refusal = lines.find((line) => line.startsWith(`ng ${ref} `))?.slice(`ng ${ref} `.length);
  const why = [refusal ?? unpack ?? "no reason given", bands?.fatal, bands?.progress].filter(Boolean).join("\n");
  const reason = /non-fast-forward|fetch first|stale info/.test(refusal ?? "")
    ? "not_fast_forward"
    : "refused_by_server";
  return { kind: "rejected", reason, message: `The server refused ${ref}: ${plain(why)}` };
}

/** Hooks print colours and clear lines; this text ends up in logs and terminals. */
function plain(text: string): string {
  const bare = text.replace(ansiSequences, "").replace(controlCharacters, "").trim();
  return bare.length > maxServerTextLength ? `${bare.slice(0, maxServerTextLength)}…` : bare;
}
