// What does the log say of refused connections, of which there can be as many as the agent likes?
import type { Refusal } from "./egress-dial.ts";
import type { OutputLog } from "./output-log.ts";

const notedTargets = 100;

export interface RefusalNotes {
  onRefused(refusal: Refusal): void;
  /** How many there were beside those that are named; says nothing when there were none, or no more since. */
  noteRest(): void;
}

/**
 * Each target once, so that a flood of one does not hide another, and of targets only so many. The count is told
 * whenever it has a digit more, and at the end.
 */
export function noteRefusals(log: Pick<OutputLog, "note">, who: string): RefusalNotes {
  const noted = new Set<string>();
  let count = 0;
  let unnamed = 0;
  let told = 0;
  return {
    onRefused({ host, port, why }) {
      count += 1;
      if (/^10{2,}$/.test(String(count))) log.note(`refused ${who} ${write(count)} connections so far`);
      const target = `${host}:${port}: ${why}`;
      if (noted.has(target)) return;
      if (noted.size >= notedTargets) {
        unnamed += 1;
        return;
      }
      noted.add(target);
      log.note(`refused ${who} a connection to ${target}`);
      if (noted.size === notedTargets) log.note(`further targets that are refused ${who} are counted, and not named`);
    },
    noteRest() {
      if (unnamed === told) return;
      told = unnamed;
      log.note(`refused ${who} connections to the ${notedTargets} targets above, and ${write(unnamed)} more to others`);
    },
  };
}

const write = (count: number) => count.toLocaleString("en-US");
