// What are people, and the agent, told about the secrets that were found?

export interface Finding {
  /** Of the file, with nothing in it that was found to be a secret; or which commit's message. */
  path: string;
  /** From 1; absent for what stands in the path, and for a whole file. */
  line?: number;
  /** `unscannable`: not looked at, so not clean. */
  rule: string;
  fingerprint: string;
  /** The first characters, at most four. */
  hint: string;
  /** Why it could not be scanned. */
  why?: string;
}

const maxNamed = 5;
const maxTold = 50;
const maxPathCharacters = 60;
/** What a failure keeps. */
const maxMessageCharacters = 300;
const advice = "Take them out, or have false ones allowed in drover.yaml on the base branch (secrets.allow).";

/** One line each, for the log. */
export function describeFinding({ path, line, rule, fingerprint, why }: Finding): string {
  const place = line === undefined ? shorten(path) : `${shorten(path)}:${line}`;
  return `${place} ${rule}${why ? ` (${why})` : ""} ${fingerprint}`;
}

/** As many as fit, five at most: the log has all. */
export function summarizeFindings(findings: Finding[]): string {
  const head = "Not pushed, the secret scan found: ";
  const named: string[] = [];
  for (const finding of findings.slice(0, maxNamed)) {
    const length = head.length + [...named, describeFinding(finding), more(findings.length), advice].join("; ").length;
    if (named.length > 0 && length > maxMessageCharacters) break;
    named.push(describeFinding(finding));
  }
  const rest = findings.length - named.length;
  return `${head}${[...named, ...(rest > 0 ? [more(rest)] : [])].join("; ")}. ${advice}`;
}

/** For an agent that can mend its work. */
export function explainToAgent(findings: Finding[]): string {
  const lines = findings
    .slice(0, maxTold)
    .map(
      (finding) =>
        `- ${describeFinding(finding)}${finding.hint ? `, begins with ${JSON.stringify(finding.hint)}` : ""}`,
    );
  return [
    "Your change was not committed, because it holds what looks like secrets (path:line rule fingerprint):",
    ...lines,
    ...(findings.length > maxTold ? [`- and ${findings.length - maxTold} more`] : []),
    "Remove each value and read it from the environment or a secret store instead. Do not encode, split or hide it: " +
      "whoever reads the repository could still use it. A file that is `unscannable` must go, or become smaller or simpler.",
    "If a value is no secret, replace it by an obvious placeholder. Only people can allow it, by its fingerprint under " +
      "secrets.allow in drover.yaml on the base branch; a change of that file in your work has no effect.",
  ].join("\n");
}

const more = (count: number) => `${count} more in the log`;

function shorten(path: string): string {
  return path.length <= maxPathCharacters ? path : `…${path.slice(1 - maxPathCharacters)}`;
}
