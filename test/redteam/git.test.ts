import { testChapter } from "./suite.ts";

testChapter("git");
