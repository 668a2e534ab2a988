// Is an export of the audit log, in files, what was written? Offline.
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createVerifier } from "../../functions/core/verify-audit.ts";
import { type Extent, type Finding, readDigests } from "../../functions/core/verify-digests.ts";

export interface AuditFiles {
  export: string;
  digests: string;
  key: string[];
  workspace?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

/** Prints what was found, and answers whether that was nothing. */
export async function verifyAudit(values: AuditFiles): Promise<boolean> {
  const extent: Extent = {
    ...(values.workspace === undefined ? {} : { workspace: values.workspace }),
    ...readMoment("from", values.from),
    ...readMoment("to", values.to),
  };
  const { findings, expected } = readDigests(readTexts(values.digests), values.key.map(readKey), extent);
  const startedAt = performance.now();
  const verifier = createVerifier(expected, extent);
  for await (const line of readLines(values.export)) verifier.readLine(line);
  const verdict = verifier.end();
  const seconds = (performance.now() - startedAt) / 1000;

  const all: Finding[] = [...findings, ...verdict.findings];
  for (const { chain, version, what } of all) console.log(`${chain}\t${version}\t${what}`);
  for (const key of expected.publicKeys) {
    console.log(
      `signed with ${key}${values.key.length > 0 ? "" : " (no --public-key was given: compare it with one you trust)"}`,
    );
  }
  const { entries, chains, unsealed } = verdict;
  if (unsealed > 0)
    console.log(`${unsealed} entries are younger than the last digest; the next one will vouch for them`);
  console.log(
    `${all.length} findings in ${entries} entries of ${chains} chains, against ${expected.digests} digests ` +
      `(${Math.round(entries / seconds)} entries/s)`,
  );
  return all.length === 0;
}

function readMoment(name: "from" | "to", text: string | undefined): Extent {
  if (text === undefined) return {};
  const at = /(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw new Error(`--${name} ${text} is not a time with a zone.`);
  return { [name]: at };
}

function readKey(given: string): string {
  const text = existsSync(given) ? readFileSync(given, "utf8") : given;
  return text.replace(/-----[A-Z ]+-----|\s/g, "");
}

/** One digest a file in a directory, one a line in a file. */
function readTexts(path: string): string[] {
  if (!statSync(path).isDirectory()) return readFileSync(path, "utf8").split("\n").filter(Boolean);
  const names = readdirSync(path).filter((name) => name.endsWith(".json"));
  return names.map((name) => readFileSync(join(path, name), "utf8").trim());
}

/** By line feeds alone: `node:readline` also breaks at characters that may stand inside an entry. */
async function* readLines(file: string): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of createReadStream(file, { encoding: "utf8", highWaterMark: 1024 * 1024 })) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest) yield rest;
}
