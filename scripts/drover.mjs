#!/usr/bin/env node
// What does `drover` run? The sources in a checkout, and in a package what `npm run build` made of them.
import { existsSync } from "node:fs";
import "./check-node.mjs";

const source = new URL("./drover.ts", import.meta.url);
await import(existsSync(source) ? source.href : new URL("../dist/scripts/drover.js", import.meta.url).href);
