// How does an act without a task get into the audit log? With what it changes, in one write.
import type { AuditAct } from "../core/audit.ts";
import type { Cloud } from "../core/cloud.ts";
import { busy } from "../core/errors.ts";
import type { ActWrite } from "../core/table.ts";

export interface Act {
  type: string;
  data: Record<string, unknown>;
  writes: readonly ActWrite[];
}

/** Of an act that may wait; a stop or another turn of a switch tries again for most of its function's time. */
const tries = 40;
const [patienceMs, insistingMs] = [10_000, 20_000];
const backoffMs = 20;

/**
 * `decide` is asked again whenever another act of the chain was faster, so it must read what it changes anew each time.
 * It answers undefined when nothing is to be done. `chain` is `global` or `workspace:…`.
 */
export async function recordAct(
  cloud: Cloud,
  chain: string,
  by: string,
  decide: () => Promise<Act | undefined> | Act | undefined,
  { insists = false } = {},
): Promise<AuditAct | undefined> {
  const until = cloud.clock.now() + (insists ? insistingMs : patienceMs);
  const sent: AuditAct[] = [];
  let tookMs = 0;
  for (let n = 0; ; n += 1) {
    // The head first: an act that comes after this read makes the write below fail.
    const head = await cloud.table.getChainHead(chain);
    const written = await findWritten(cloud, head, sent);
    if (written) return written;
    // One more try of a table that says nothing takes as long as the last one.
    if ((n >= tries && !insists) || cloud.clock.now() + tookMs >= until)
      throw busy(`The audit log of ${chain} is busy`, sent.length > 0);
    const decided = await decide();
    if (!decided) return undefined;
    const unhashed = {
      eventId: cloud.ids.event(),
      chain,
      version: head.version + 1,
      type: decided.type,
      at: cloud.clock.now(),
      by,
      data: decided.data,
      previousHash: head.hash,
    };
    const act = { ...unhashed, hash: cloud.hashEvent(unhashed) };
    const triedAt = cloud.clock.now();
    const outcome = await cloud.table.commitAct(act, decided.writes);
    tookMs = cloud.clock.now() - triedAt;
    if (outcome.kind === "committed") return act;
    if (outcome.kind === "contended") sent.push(act);
    await cloud.clock.sleep(cloud.ids.random() * backoffMs * 2 ** Math.min(n, 6));
  }
}

/** Contended, an act may have been written all the same. All in doubt are of one version: one of them has it, or none ever will. */
async function findWritten({ table }: Cloud, head: { version: number; hash: string }, sent: AuditAct[]) {
  const [first] = sent;
  if (!first || head.version < first.version) return undefined;
  const { chain, version } = first;
  const [act] = head.version === version ? [head] : await table.listActs(chain, version - 1, 1);
  return sent.splice(0).find(({ hash }) => hash === act?.hash);
}
