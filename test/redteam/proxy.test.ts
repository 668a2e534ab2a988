import { testChapter } from "./suite.ts";

testChapter("proxy");
