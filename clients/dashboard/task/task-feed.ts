// What does the page know of one task while it is followed? Its events, what its attempt prints, and whether the line is up. Pure.
import type { AuditEvent, Progress, TaskFeedEvent } from "../../client.ts";

export interface Piece {
  from: number;
  text: string;
}

export interface TaskFeed {
  events: AuditEvent[];
  progress?: Progress;
  /** What the current attempt printed while somebody looked. */
  pieces: Piece[];
  ended: boolean;
  lost?: { why: string; since: number };
  refused?: Error;
}

export const emptyFeed: TaskFeed = { events: [], pieces: [], ended: false };

export function takeTaskEvent(feed: TaskFeed, event: TaskFeedEvent): TaskFeed {
  switch (event.kind) {
    case "audit":
      // What comes again after a break is known.
      if (event.event.version <= (feed.events.at(-1)?.version ?? 0)) return feed;
      return { ...feed, events: [...feed.events, event.event] };
    case "end":
      return { ...feed, ended: true };
    case "progress": {
      const { agentId, output, outputFrom } = event.progress;
      const pieces = feed.progress?.agentId === agentId ? feed.pieces : [];
      return {
        ...feed,
        progress: event.progress,
        pieces: output ? [...pieces, { from: outputFrom, text: output }] : pieces,
      };
    }
  }
}

export const gapMark = "\n[… what was printed here is not in the log yet …]\n";

/** The uploaded log, and after it what was heard live; where something is missing, it says so. */
export function joinOutput(log: string, pieces: readonly Piece[]): { text: string; hasGap: boolean } {
  let text = log;
  let end = log.length;
  let hasGap = false;
  for (const piece of pieces) {
    const pieceEnd = piece.from + piece.text.length;
    if (pieceEnd <= end) continue;
    if (piece.from > end) {
      text += gapMark;
      hasGap = true;
    }
    text += piece.text.slice(Math.max(0, end - piece.from));
    end = pieceEnd;
  }
  return { text, hasGap };
}
