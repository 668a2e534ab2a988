// Where do all test stacks keep the sandbox's image? In the checkout, so that it is made once.
import { resolve } from "node:path";

export const sharedImageDir = resolve(import.meta.dirname, "../../.drover");
