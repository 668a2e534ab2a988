import { testChapter } from "./suite.ts";

testChapter("floods");
