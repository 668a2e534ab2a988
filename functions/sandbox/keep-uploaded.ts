// How can people read what still grows? It is uploaded again and again, and once more at the end.
import { uploadArtifact } from "./upload.ts";

export interface Growing {
  url: string;
  /** Changes with every change of the content. */
  size(): number;
  read(): Buffer;
}

export interface KeptUploaded {
  add(growing: Growing): void;
  /** As it now is: also at the end, when the supervisor goes, and the timer with it. */
  flush(): Promise<void>;
}

/**
 * One upload at a time; each costs a request, so there is one in `everyMs` at most, and none without news. `sumUp`
 * adds, before a flush, what is only worth saying when all is known.
 */
export function keepUploaded(everyMs: number, sumUp: () => void = () => undefined): KeptUploaded {
  const sources = new Map<Growing, number>();
  let underWay: Promise<void> = Promise.resolve();
  const uploadNews = async () => {
    for (const [growing, uploadedSize] of sources) {
      const size = growing.size();
      if (size === uploadedSize) continue;
      sources.set(growing, size);
      await uploadArtifact(growing.url, growing.read());
    }
  };
  const upload = () => {
    underWay = underWay.then(uploadNews);
    return underWay;
  };
  const flush = () => {
    sumUp();
    return upload();
  };
  setInterval(() => void upload(), everyMs).unref();
  return { add: (growing) => void sources.set(growing, 0), flush };
}
