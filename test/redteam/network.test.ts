import { networkVectors } from "./network.ts";
import { testVectors } from "./suite.ts";

testVectors(networkVectors);
