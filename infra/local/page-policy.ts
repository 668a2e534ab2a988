// What may a page of this machine load and do? Files and calls of its own origin, and nothing else.
import { secureHeaders } from "hono/secure-headers";

const own = "'self'";

/** The pages' parts set their own measures as inline styles; scripts come from files of this origin only. */
export const pagePolicy = ({ images = [], sendsForms }: { images?: string[]; sendsForms: boolean }) =>
  secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: [own],
      styleSrc: [own, "'unsafe-inline'"],
      imgSrc: [own, ...images],
      connectSrc: [own],
      baseUri: ["'none'"],
      formAction: [sendsForms ? own : "'none'"],
      frameAncestors: ["'none'"],
    },
    xFrameOptions: "DENY",
    referrerPolicy: "no-referrer",
  });
