// How does a safeguard disappear for one run? Its source is altered while it is loaded; the files stay as they are.
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { applyEdit } from "./edit.ts";
import { mutants } from "./list.ts";

const root = new URL("../../../", import.meta.url).href;
const name = process.env.DROVER_MUTANT ?? "";
const mutant = mutants.find((one) => one.name === name);
if (!mutant) throw new Error(`there is no mutant ${name}`);
const pending = new Set(mutant.edits.map(({ file }) => file));

registerHooks({
  load(url, context, nextLoad) {
    const edits = mutant.edits.filter(({ file }) => url === root + file);
    if (edits.length === 0) return nextLoad(url, context);
    let source = readFileSync(fileURLToPath(url), "utf8");
    for (const edit of edits) {
      source = applyEdit(source, edit);
      pending.delete(edit.file);
    }
    return { format: "module-typescript", source, shortCircuit: true };
  },
});

process.on("exit", () => {
  if (pending.size > 0) console.log(`not loaded: ${[...pending]}`);
});
