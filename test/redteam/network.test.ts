import { testChapter } from "./suite.ts";

testChapter("network");
