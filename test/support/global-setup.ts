// What must be on the machine before any test runs? bubblewrap and SST's components: installed where we may, and required in CI.
import { installBubblewrap } from "../../infra/local/sandbox/install.ts";
import { probeIsolation } from "../../infra/local/sandbox/isolation.ts";
import { ensurePlatform } from "../../scripts/sst-install.ts";

export default async function setUp(): Promise<void> {
  const missing = ensurePlatform();
  if (missing && process.env.CI) throw new Error(missing);
  if (missing) console.warn(missing);
  const installed = await installBubblewrap();
  if (installed.kind === "not_installed") {
    console.warn(`bubblewrap is missing, ${installed.reason}. Run: ${installed.command}`);
  }
  const probe = await probeIsolation();
  if (probe.kind === "confined") return;
  const message = `Sandboxes cannot be confined here: ${probe.cause}. ${probe.remedy}`;
  if (process.env.CI) throw new Error(message);
  console.warn(`${message} Tests of isolation are skipped.`);
}
