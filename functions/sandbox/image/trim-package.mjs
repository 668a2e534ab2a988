// Which of drover's packages does the code in the image import? Leaves these in package.json, and what bundles it, so that
// npm installs no others.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [, , packageFile, ...folders] = process.argv;
const sources = folders.flatMap((folder) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(folder, name), "utf8")),
);
const specifiers = sources.flatMap((text) => [...text.matchAll(/\bfrom "([^"]+)"|\bimport\("([^"]+)"\)/g)]);
const wanted = new Set(
  specifiers.map(([, imported, loaded]) => /^(@[^/]+\/)?[^/]+/.exec(imported ?? loaded ?? "")?.[0] ?? ""),
);
const { name, version, license, type, dependencies, devDependencies } = JSON.parse(readFileSync(packageFile, "utf8"));
const kept = Object.fromEntries(Object.entries(dependencies).filter(([package_]) => wanted.has(package_)));
const { rolldown } = devDependencies;
const names = { name: `${name}-sandbox`, version, license, private: true, type };
const trimmed = { ...names, dependencies: kept, devDependencies: { rolldown } };
writeFileSync(packageFile, `${JSON.stringify(trimmed, undefined, 2)}\n`);
