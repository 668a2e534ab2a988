import { kernelVectors } from "./kernel.ts";
import { testVectors } from "./suite.ts";

testVectors(kernelVectors);
