import { testChapter } from "./suite.ts";

testChapter("tokens");
