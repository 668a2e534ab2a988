import { testChapter } from "./suite.ts";

testChapter("files");
