import { testChapter } from "./suite.ts";

testChapter("kernel");
