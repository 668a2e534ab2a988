// Does every source file say under which license it stands? The gate `licenses` of drover.yaml.
import { readdirSync, readFileSync } from "node:fs";

const wanted = "// SPDX-License-Identifier: ";
const bare = readdirSync("src", { recursive: true })
  .map((name) => `src/${name}`)
  .filter((path) => path.endsWith(".mjs"))
  .filter((path) => !readFileSync(path, "utf8").startsWith(wanted));

for (const path of bare) console.error(`${path}: the first line must be "${wanted}…"`);
process.exitCode = bare.length > 0 ? 1 : 0;
