// What would drover be without one of its safeguards? A copy of its code in which just that one is missing.
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Weaken } from "../../infra/local/sandbox/confined.ts";
import { programsPath } from "../../infra/sandbox-containers.ts";
import { applyEdit, type Edit } from "../simulation/mutants/edit.ts";
import type { Field } from "./field.ts";

export interface Unguarded {
  /** Where it lies. */
  root: string;
  /** One of its modules; `file` as in the edits. */
  load<Module>(file: string): Promise<Module>;
  /** Gives it to what runs in a sandbox as well. */
  weaken: Weaken;
}

const checkout = resolve(import.meta.dirname, "../..");
const rooms = ["functions", "infra"];

export function withoutSafeguard(field: Field, edits: readonly Edit[]): Unguarded {
  const copy = field.scratch();
  for (const room of [...rooms, "package.json"]) cpSync(join(checkout, room), join(copy, room), { recursive: true });
  symlinkSync(join(checkout, "node_modules"), join(copy, "node_modules"));
  for (const edit of edits) {
    const place = join(copy, edit.file);
    writeFileSync(place, applyEdit(readFileSync(place, "utf8"), edit));
  }
  return {
    root: copy,
    load: (file) => import(join(copy, file)),
    weaken(given) {
      if (!edits.some(({ file }) => isInSandbox(file))) return [...given];
      const mounts = ["--ro-bind", bundle(copy), programsPath];
      const end = given.indexOf("--remount-ro");
      return [...given.slice(0, end), ...mounts, ...given.slice(end)];
    },
  };
}

const isInSandbox = (file: string) => /^functions\/(sandbox|core|git)\//.test(file);

/** As ours is for a sandbox's image. */
function bundle(copy: string): string {
  const folder = join(copy, "programs");
  execFileSync(process.execPath, [join(checkout, "functions/sandbox/image/bundle.mjs"), copy, folder]);
  return folder;
}
