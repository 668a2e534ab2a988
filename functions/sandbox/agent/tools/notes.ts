// What does the agent want to remember, whatever becomes of the conversation?
import { z } from "zod";
import { defineTool, type Tool } from "./tool.ts";

const maxNotesCharacters = 20_000;

const input = z.strictObject({
  text: z.string().max(maxNotesCharacters).describe("All of the notes; takes the place of what was there"),
});

export interface Notes {
  tool: Tool;
  read(): string;
}

export function openNotes(earlier = ""): Notes {
  let notes = earlier;
  const tool = defineTool({
    name: "write_notes",
    description:
      "Keeps your plan: what is done, what is left, what you have found out. The notes outlive this conversation, which " +
      "may be shortened or begun anew at any time. Write them early, and again when the plan changes.",
    input,
    async run({ text }) {
      notes = text;
      return { text: "Kept." };
    },
  });
  return { tool, read: () => notes };
}
