// What does the log say of refused connections, of which there can be as many as the agent likes?
import type { Refusal } from "./egress-dial.ts";
import type { OutputLog } from "./output-log.ts";

const notedTargets = 100;

/**
 * Each target once, so that a flood of one does not hide another, and of targets only so many. The count is told
 * whenever it has a digit more.
 */
export function noteRefusals(log: Pick<OutputLog, "note">, who: string): (refusal: Refusal) => void {
  const noted = new Set<string>();
  let count = 0;
  return ({ host, port, why }) => {
    count += 1;
    if (/^10{2,}$/.test(String(count))) log.note(`refused ${who} ${count.toLocaleString("en-US")} connections so far`);
    const target = `${host}:${port}: ${why}`;
    if (noted.has(target) || noted.size >= notedTargets) return;
    noted.add(target);
    log.note(`refused ${who} a connection to ${target}`);
    if (noted.size === notedTargets) log.note(`further targets that are refused ${who} are not noted`);
  };
}
