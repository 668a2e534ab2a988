// Which part of what an agent printed was not heard yet? After a break the API sends the end of it again.
import type { Progress } from "./api-types.ts";

/** Remembers how far it has heard the attempt that speaks; answers what it is given without what was heard before. */
export function hearOutput(): (progress: Progress) => Progress {
  let agentId = "";
  let heard = 0;
  return (progress) => {
    const { output, outputFrom } = progress;
    if (progress.agentId !== agentId) heard = 0;
    agentId = progress.agentId;
    if (output === "") return progress;
    const repeated = Math.min(output.length, Math.max(0, heard - outputFrom));
    heard = Math.max(heard, outputFrom + output.length);
    return { ...progress, output: output.slice(repeated), outputFrom: outputFrom + repeated };
  };
}
