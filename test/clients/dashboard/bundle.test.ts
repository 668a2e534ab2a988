import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, expect, it } from "vitest";
import { dashboardDir, ensureDashboard } from "../../../scripts/build-dashboard.ts";

const maxInitialBytes = 200 * 1024;
const read = (path: string) => readFileSync(join(dashboardDir, path));
type Manifest = Record<string, { file: string; isEntry?: boolean; imports?: string[]; dynamicImports?: string[] }>;

beforeAll(() => ensureDashboard(console.log));

it("what the page loads before it shows anything is at most 200 KB of gzipped script", () => {
  const manifest: Manifest = JSON.parse(read("manifest.json").toString());
  const loaded = new Set<string>();
  const load = (name: string) => {
    if (loaded.has(name)) return;
    loaded.add(name);
    for (const other of manifest[name]?.imports ?? []) load(other);
  };
  for (const [name, { isEntry }] of Object.entries(manifest)) if (isEntry) load(name);
  const bytes = [...loaded].reduce((sum, name) => sum + gzipSync(read(manifest[name]?.file ?? "")).length, 0);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(maxInitialBytes);
  // The largest part, the diff with its colours, comes only with the tab that shows it.
  expect(Object.keys(manifest).some((name) => name.includes("diff-tab") && !loaded.has(name))).toBe(true);
});

it("the page names no script of its own text and no other host", () => {
  const page = read("index.html").toString();
  expect(page).toMatch(/<script type="module"[^>]* src="\/assets\//);
  expect(page).not.toMatch(/<script(?![^>]* src=)/);
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
});
