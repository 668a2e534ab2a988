// What stays true about the agent's processes, whatever the agent does, where it has a uid of its own?
import type { Frame, Frames } from "../frames.ts";
import { requestSchema } from "../protocol.ts";
import { type Hand, type HandSettings, startHand } from "./hand.ts";
import { quiesce } from "./quiesce.ts";

/**
 * This process is out of the agent's reach. The hand, which does all that touches the agent's files, has the agent's
 * uid and may be taken over by what it runs. So whether anything is left running is not asked of it: a quiesce or a
 * clear ends the hand with everything else of that uid, this process looks, and a new hand goes on.
 *
 * Answers how to serve one line, once the first hand is ready: until the supervisor has left; it throws when that does
 * not keep to the protocol, or when a hand ends by itself.
 */
export async function openKeeper(lines: readonly Frames[], settings: HandSettings) {
  if (!settings.confined) throw new Error("DROVER_AS_AGENT is for a pid namespace of its own: DROVER_CONFINED=1");
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined); // Raced below, by whoever serves.
  /** Lines whose last request has no answer yet. */
  const busy = new Set<number>();
  let current: Hand | undefined;

  async function renewHand(): Promise<void> {
    current = undefined;
    await quiesce(settings);
    const hand = await startHand(settings);
    current = hand;
    const fail = (error: unknown) => current === hand && failed.reject(error);
    hand.ended.then(() => fail(new Error("the process for the agent's commands has ended")), fail);
    hand.lines.forEach(({ incoming }, index) => void passUp(incoming, index).catch(fail));
  }

  async function passUp(incoming: AsyncGenerator<Frame, void>, index: number): Promise<void> {
    for await (const frame of incoming) {
      if (frame.kind === "json") busy.delete(index);
      await pass(frame, lines[index]);
    }
  }

  async function serveLine(line: Frames, index: number): Promise<void> {
    for await (const frame of line.read()) {
      const kind = frame.kind === "json" && requestSchema.parse(frame.value).kind;
      if (kind === "quiesce" || kind === "clear") {
        // Its answers to the other lines would be lost with it.
        if (busy.size > 0) throw new Error(`a ${kind} while another request is at work`);
        await renewHand();
      }
      if (kind === "quiesce") await line.sendJson({ kind: "done" });
      else {
        if (kind && kind !== "cancel") busy.add(index);
        await pass(frame, current?.lines[index]?.frames);
      }
    }
  }

  await renewHand();
  return (line: Frames, index: number) => Promise.race([failed.promise, serveLine(line, index)]);
}

async function pass(frame: Frame, to: Frames | undefined): Promise<void> {
  if (frame.kind === "json") await to?.sendJson(frame.value);
  else if (frame.kind === "data") await to?.sendData(frame.bytes);
  else await to?.sendEnd();
}
