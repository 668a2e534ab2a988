// Which safeguards does the simulation prove to be needed?
import { apiMutants } from "./api-mutants.ts";
import { cloudMutants } from "./cloud-mutants.ts";
import { coreMutants } from "./core-mutants.ts";
import type { Mutant } from "./edit.ts";
import { flowMutants } from "./flow-mutants.ts";
import { messageMutants } from "./message-mutants.ts";
import { reaperMutants } from "./reaper-mutants.ts";

export const mutants: readonly Mutant[] = [
  ...apiMutants,
  ...cloudMutants,
  ...coreMutants,
  ...flowMutants,
  ...messageMutants,
  ...reaperMutants,
];
