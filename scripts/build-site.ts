// `npm run build:site`: which files does a stage's front door serve by itself? The dashboard, and the API's reference beside it.
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  packageFiles,
  pathOfPackageFile,
  referencePage,
  referencePath,
  referenceScript,
} from "../infra/api-reference.ts";
import { dashboardDir, ensureDashboard } from "./build-dashboard.ts";

await ensureDashboard(console.log);
const dir = join(dashboardDir, referencePath);
mkdirSync(dir, { recursive: true });
writeFileSync(join(dir, "index.html"), referencePage);
writeFileSync(join(dir, "show.js"), referenceScript);
for (const name of Object.keys(packageFiles)) copyFileSync(pathOfPackageFile(name), join(dir, name));
