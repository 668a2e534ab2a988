import { testChapter } from "./suite.ts";

testChapter("bombs");
