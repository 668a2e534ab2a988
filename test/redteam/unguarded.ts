// What would drover be without one of its safeguards? A copy of its code in which just that one is missing.
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Weaken } from "../../infra/local/sandbox/confined.ts";
import { codePath } from "../../infra/sandbox-containers.ts";
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
      const inside = edits.filter(({ file }) => isInImage(file));
      const mounts = inside.flatMap(({ file }) => ["--ro-bind", join(copy, file), join(codePath, file)]);
      const end = given.indexOf("--remount-ro");
      return [...given.slice(0, end), ...mounts, ...given.slice(end)];
    },
  };
}

/** Where there is nothing to be covered, bubblewrap would have to make it, and cannot. */
const isInImage = (file: string) => /^functions\/(sandbox|core)\/|^functions\/git\/(tree|blob-id)\.ts$/.test(file);
