// What are the mutants called? One name a line, for scripts/mutants.ts.
import { mutants } from "./list.ts";

for (const { name } of mutants) console.log(name);
