// `drover`: the command line, from a checkout or from the package.
import { runCli } from "../clients/cli/run-cli.ts";
import { makeProgram } from "./drover/program.ts";

await runCli(makeProgram(), process.argv.slice(2));
