// `npm run doctor`: what can this machine do for a sandbox, and what not? Changes nothing; exit code 1 when it cannot confine.
import { SetUpError } from "../infra/local/data-dir.ts";
import { readLimits } from "../infra/local/limit-settings.ts";
import { probeIsolation } from "../infra/local/sandbox/isolation.ts";
import { describeLimits, findKeepers, listMeasured } from "../infra/local/sandbox/keepers.ts";
import { findNpmPackage } from "../infra/local/sandbox/npm.ts";

/** Answers whether agents can be confined here. */
export async function examineMachine(): Promise<boolean> {
  const limits = readLimits(process.env);
  console.log(
    `machine:    ${process.platform} ${process.arch}, ${process.getuid?.() === 0 ? "as root" : "as an ordinary user"}`,
  );
  console.log(
    `runtime:    node ${process.version}, npm ${findNpmPackage() ? "for agents, too" : "not found: agents have none"}`,
  );
  const probe = await probeIsolation();
  if (probe.kind === "impossible") {
    console.log(`isolation:  none. ${probe.cause}\n            ${probe.remedy.replaceAll("\n", "\n            ")}`);
    return false;
  }
  console.log(`isolation:  bubblewrap ${probe.bubblewrapVersion}, tried with a container`);
  for (const warning of probe.warnings) console.log(`            ${warning}`);
  const keepers = await findKeepers();
  for (const line of describeLimits(keepers, limits)) console.log(`limit:      ${line}`);
  const measured = listMeasured(keepers);
  if (measured.length > 0) {
    console.log(
      `            What is measured can be exceeded for a moment. Tasks are marked: measuredLimits ${measured.join(", ")}.`,
    );
  }
  return true;
}

if (import.meta.main) {
  examineMachine().then(
    (isAble) => process.exit(isAble ? 0 : 1),
    (error: unknown) => {
      console.error(error instanceof SetUpError ? `drover: ${error.message}` : error);
      process.exit(1);
    },
  );
}
