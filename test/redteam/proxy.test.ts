import { proxyVectors } from "./proxy.ts";
import { testVectors } from "./suite.ts";

testVectors(proxyVectors);
