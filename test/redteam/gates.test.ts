import { testChapter } from "./suite.ts";

testChapter("gates");
