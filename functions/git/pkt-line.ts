// How does git frame its messages? Four hex digits of length, then the bytes; 0000 ends a list.

export const flushPacket = "0000";

export function encodePacket(line: string): Buffer {
  const body = Buffer.from(line);
  return Buffer.concat([Buffer.from((body.length + 4).toString(16).padStart(4, "0")), body]);
}

/** The packets without their frames; markers such as a flush are left out. */
export function decodePackets(bytes: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const digits = bytes.toString("latin1", at, at + 4);
    const length = /^[0-9a-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
    if (Number.isNaN(length) || at + length > bytes.length)
      throw new Error("The server's answer is not in git's framing.");
    if (length > 4) packets.push(bytes.subarray(at + 4, at + length));
    at += Math.max(length, 4);
  }
  return packets;
}

/** Side-band: the first byte says whether a packet is data (1), progress for people (2) or a fatal error (3). */
export function splitSideBand(packets: Buffer[]): { data: Buffer; progress: string; fatal: string } {
  const band = (number: number) => {
    return Buffer.concat(packets.filter((packet) => packet[0] === number).map((packet) => packet.subarray(1)));
  };
  return { data: band(1), progress: band(2).toString(), fatal: band(3).toString() };
}
