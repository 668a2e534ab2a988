// How does docs/security.md tell of the attacks? In a table that is written from them.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { ChapterName } from "./chapters.ts";

export interface Row {
  chapter: ChapterName;
  attack: string;
  heldBy: string;
  missing: string[];
  outcome: "refused" | "succeeded" | "proves nothing" | "not tried";
}

export const pagePath = resolve(import.meta.dirname, "../../docs/security.md");
const begin = "<!-- written by `npm run redteam:page`, from here -->";
const end = "<!-- to here -->";

/** The page as it is, with the table anew. */
export function renderPage(rows: readonly Row[]): string {
  const page = readFileSync(pagePath, "utf8");
  const before = page.slice(0, page.indexOf(begin) + begin.length);
  return `${before}\n\n${renderRows(rows)}\n${page.slice(page.indexOf(end))}`;
}

function renderRows(rows: readonly Row[]): string {
  const chapters = [...new Set(rows.map(({ chapter }) => chapter))];
  return chapters
    .map((chapter) => {
      const lines = rows.filter((row) => row.chapter === chapter).map(renderRow);
      return `### ${chapter}\n\n| an agent tries to | held by | result |\n| --- | --- | --- |\n${lines.join("")}`;
    })
    .join("\n");
}

function renderRow({ attack, heldBy, outcome, missing }: Row): string {
  const result = outcome === "not tried" ? `not tried (needs ${missing.join(", ")})` : outcome;
  return `| ${[attack, heldBy, result].map(forTable).join(" | ")} |\n`;
}

const forTable = (text: string) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");

/** The rows that stand on the page. */
export function readRows(): { chapter: string; attack: string; heldBy: string; result: string }[] {
  const page = readFileSync(pagePath, "utf8");
  let chapter = "";
  return page
    .slice(page.indexOf(begin), page.indexOf(end))
    .split("\n")
    .flatMap((line) => {
      chapter = /^### (.+)$/.exec(line)?.[1] ?? chapter;
      const cells = /^\| (.+) \|$/.exec(line)?.[1]?.split(/(?<!\\) \| /);
      const [attack = "", heldBy = "", result = ""] = cells ?? [];
      if (!cells || attack === "an agent tries to" || attack === "---") return [];
      return [{ chapter, attack: fromTable(attack), heldBy: fromTable(heldBy), result }];
    });
}

const fromTable = (text: string) => text.replaceAll("\\|", "|").replaceAll("&lt;", "<");
