import { testChapter } from "./suite.ts";

testChapter("processes");
