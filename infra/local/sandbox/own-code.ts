// Where does drover's own code lie on this machine: TypeScript in a checkout, JavaScript in a package?
import { findPackageJSON } from "node:module";
import { dirname, extname, join, resolve } from "node:path";

/** What `functions/…` and `infra/…` stand in. */
export const codeFolder = resolve(import.meta.dirname, "../../..");
const extension = extname(import.meta.filename);

/** Files are named as in a checkout, and in the image for Fargate. */
export const toOwnFile = (name: string) => name.replace(/\.ts$/, extension);

/** A package that the code in `folder` would get, wherever it was installed. */
export function findPackage(folder: string, name: string): string {
  const manifest = findPackageJSON(name, join(folder, "here.js"));
  if (!manifest) throw new Error(`The package ${name} is missing beside ${folder}: install drover again.`);
  return dirname(manifest);
}
