// What do we look for ourselves, beside the library? One rule after the other, on one text.
import { assignmentRules } from "./assignment-rules.ts";
import { privateKeyRules } from "./private-key-rules.ts";
import { isSample } from "./randomness.ts";
import { tokenRules } from "./token-rules.ts";

export interface Rule {
  id: string;
  /** Where none of them is in the text, there is no need to look; without any, there always is. */
  keys: string[];
  /** Global, and linear in the text whatever the text: it is hostile. A group `secret` narrows the match to itself. */
  pattern: RegExp;
  /** What the pattern cannot say. Without it, samples of documentation are refused. */
  accept?(secret: string, groups: Record<string, string | undefined>): boolean;
}

/** `start` and `end` are offsets in the text, around all that was matched. `secret` must not leave the process that scans. */
export interface Match {
  rule: string;
  secret: string;
  start: number;
  end: number;
}

export const ownRules: readonly Rule[] = [...privateKeyRules, ...tokenRules, ...assignmentRules];

export function matchOwnRules(text: string): Match[] {
  const applying = ownRules.filter(({ keys }) => keys.length === 0 || keys.some((key) => text.includes(key)));
  return applying.flatMap((rule) => [...matchRule(rule, text)]);
}

function* matchRule({ id, pattern, accept = (secret) => !isSample(secret) }: Rule, text: string): Generator<Match> {
  for (const match of text.matchAll(pattern)) {
    const groups = match.groups ?? {};
    const secret = groups.secret ?? match[0];
    if (!accept(secret, groups)) continue;
    yield { rule: id, secret, start: match.index, end: match.index + match[0].length };
  }
}
