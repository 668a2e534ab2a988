// How does an attack become two tests: it does not succeed, and without its safeguard it does?
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { probeIsolation } from "../../infra/local/sandbox/isolation.ts";
import { type ChapterName, chapters } from "./chapters.ts";
import { type Field, openField } from "./field.ts";
import { listMissing } from "./needs.ts";

/** What a test tells the report about itself. */
export interface Tried {
  chapter: ChapterName;
  attack: string;
  heldBy: string;
  part: "attack" | "control";
  /** What this machine lacks for it. */
  missing: string[];
}

declare module "vitest" {
  interface TaskMeta {
    vector?: Tried;
  }
}

const isolation = await probeIsolation();
const whyNone = isolation.kind === "impossible" && !process.env.CI ? isolation.cause : undefined;

export function testChapter(chapter: ChapterName): void {
  describe.skipIf(whyNone)(whyNone ? `(skipped: ${whyNone})` : "an agent cannot", () => {
    let field: Field;
    beforeAll(async () => {
      field = await openField();
    });
    afterAll(() => field.close());

    for (const vector of chapters[chapter]) {
      const { attack, heldBy } = vector;
      const missing: string[] = whyNone ? ["isolation"] : listMissing(vector.needs);
      const why = missing.length > 0 ? ` (skipped: needs ${missing.join(", ")})` : "";
      const meta = (part: Tried["part"]) => ({ meta: { vector: { chapter, attack, heldBy, part, missing } } });
      it.skipIf(why)(`${attack}${why}`, meta("attack"), async () => expect(await vector.run(field)).toBe(false));
      it.skipIf(why)(`${attack}: but can where it is not held by ${heldBy}${why}`, meta("control"), async () =>
        expect(await vector.control(field)).toBe(true),
      );
    }
  });
}
