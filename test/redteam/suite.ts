// How does an attack become two tests: it does not succeed, and without its safeguard it does?
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { probeIsolation } from "../../infra/local/sandbox/isolation.ts";
import { type Field, openField } from "./field.ts";
import { listMissing } from "./needs.ts";
import type { Vector } from "./vector.ts";

const isolation = await probeIsolation();
const whyNone = isolation.kind === "impossible" && !process.env.CI ? isolation.cause : undefined;

export function testVectors(vectors: readonly Vector[]): void {
  describe.skipIf(whyNone)(whyNone ? `(skipped: ${whyNone})` : "an agent cannot", () => {
    let field: Field;
    beforeAll(async () => {
      field = await openField();
    });
    afterAll(() => field.close());

    for (const vector of vectors) {
      const missing = listMissing(vector.needs);
      const why = missing.length > 0 ? ` (skipped: needs ${missing.join(", ")})` : "";
      it.skipIf(why)(`${vector.attack}${why}`, async () => expect(await vector.run(field)).toBe(false));
      it.skipIf(why)(`${vector.attack}: but can where it is not held by ${vector.heldBy}${why}`, async () =>
        expect(await vector.control(field)).toBe(true),
      );
    }
  });
}
