import { processVectors } from "./processes.ts";
import { testVectors } from "./suite.ts";

testVectors(processVectors);
