import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { drawRooms, drawStates, page, redraw } from "../../scripts/draw-diagrams.ts";

it("the diagrams of the architecture page are those of the code", () => {
  const text = readFileSync(page, "utf8");
  expect(text).toBe(redraw(text));
});

it("the states show every way that a task can go", () => {
  const arrows = drawStates().split("\n");
  expect(arrows).toContain("  verifying --> publishing: permit_granted");
  expect(arrows.some((arrow) => /completed --> (queued|running)/.test(arrow))).toBe(false);
});

it("the rooms show who imports whom", () => {
  expect(drawRooms()).toContain("functions_flows --> functions_git");
  expect(drawRooms()).not.toContain("functions_flows --> functions_api");
});

it("a page that is out of date is drawn anew, and nothing else of it is changed", () => {
  const stale = "before\n<!-- drawn: states -->\nold\n<!-- end -->\nafter";
  expect(redraw(stale)).toBe(
    `before\n<!-- drawn: states -->\n\`\`\`mermaid\n${drawStates()}\n\`\`\`\n<!-- end -->\nafter`,
  );
});
