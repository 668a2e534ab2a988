// What may a page of drover load and do? Files and calls of its own origin, and nothing else.

const own = "'self'";

/** The pages' parts set their own measures as inline styles; scripts come from files of this origin only. */
export const contentPolicy = ({ images = [], sendsForms }: { images?: string[]; sendsForms: boolean }) => ({
  defaultSrc: ["'none'"],
  scriptSrc: [own],
  styleSrc: [own, "'unsafe-inline'"],
  imgSrc: [own, ...images],
  connectSrc: [own],
  baseUri: ["'none'"],
  formAction: [sendsForms ? own : "'none'"],
  frameAncestors: ["'none'"],
});
