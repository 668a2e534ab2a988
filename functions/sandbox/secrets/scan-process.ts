// The process that scans. Hostile content may keep it busy for ever or fill its memory: then it is ended from outside.
import { scanContent } from "./scan-content.ts";

process.on("message", (content: Parameters<typeof scanContent>[0]) => {
  scanContent(content).then(
    (scan) => process.send?.({ scan }),
    // What was thrown may quote what was scanned, so it stays here.
    () => process.send?.({}),
  );
});
process.send?.("ready");
