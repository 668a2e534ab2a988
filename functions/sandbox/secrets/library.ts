// What does secretlint find in a text? Its rules one by one, without the one by which a comment silences the others.
import { lintSource } from "@secretlint/core";
import { secretLintProfiler } from "@secretlint/profiler";
import { rules } from "@secretlint/secretlint-rule-preset-recommend";
import { isSample } from "./randomness.ts";
import type { Match } from "./rules.ts";

// It measures every rule on every file and keeps the numbers for ever.
secretLintProfiler.setEnabled(false);

const prefix = "@secretlint/secretlint-rule-";

/** A comment in the file would silence all others. It calls itself a scanner like them. */
const silencer = "filter-comments";
/** Ours ask for more: theirs report `xapp-main-menu`, `SG.config.settings` and every password of a local database. */
const replaced = ["slack", "sendgrid", "npm", "basicauth", "database-connection-string"];
const leftOut = [silencer, ...replaced].map((name) => `${prefix}${name}`);

const config = {
  rules: rules
    .filter(({ meta }) => !leftOut.includes(meta.id))
    .map((rule) => ({ id: rule.meta.id, rule, ...optionsOf(rule.meta.id) })),
};

/** The numbers of AWS accounts are no secrets, and infrastructure code is full of them. */
function optionsOf(id: string) {
  return id === `${prefix}aws` ? { options: { enableIDScanRule: true }, allowMessageIds: ["AWSAccountID"] } : {};
}

/** Some rules look at the name of a file, and one opens it: they all get this one, which nobody else has chosen. */
const name = { filePath: "outgoing.txt", ext: ".txt", contentType: "text" } as const;

export async function matchLibrary(text: string): Promise<Match[]> {
  const { messages } = await lintSource({ source: { content: text, ...name }, options: { config } });
  return messages
    .map(({ ruleId, range: [start, end] }) => {
      return { rule: ruleId.replace(prefix, ""), secret: text.slice(start, end), start, end };
    })
    .filter(({ rule, secret }) => rule === "privatekey" || !isSample(secret));
}
