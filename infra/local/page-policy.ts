// Which headers does a page of this machine come with?
import { secureHeaders } from "hono/secure-headers";
import { contentPolicy } from "../page-policy.ts";

export const pagePolicy = (pages: Parameters<typeof contentPolicy>[0]) =>
  secureHeaders({
    contentSecurityPolicy: contentPolicy(pages),
    xFrameOptions: "DENY",
    referrerPolicy: "no-referrer",
  });
