// How does S3 speak? XML, with the error's code in the body and its status beside it.
import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";

export class S3Error extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function notImplemented(what: string): S3Error {
  return new S3Error(501, "NotImplemented", `The local stand-in does not implement ${what}.`);
}

/** An element with text or with other elements inside; an undefined one is left out. */
export function element(name: string, content: string | number | boolean | undefined | Xml[]): Xml {
  if (content === undefined) return { xml: "" };
  const inner = Array.isArray(content) ? content.map(({ xml }) => xml).join("") : escapeText(String(content));
  return { xml: `<${name}>${inner}</${name}>` };
}

export interface Xml {
  readonly xml: string;
}

export function sendXml(response: ServerResponse, status: number, root: Xml): void {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n${root.xml}`;
  response.writeHead(status, {
    "content-type": "application/xml",
    "content-length": Buffer.byteLength(text),
    "x-amz-request-id": randomUUID(),
  });
  // Node leaves the body out of an answer to HEAD by itself.
  response.end(text);
}

export function sendError(response: ServerResponse, { status, code, message }: S3Error): void {
  sendXml(response, status, element("Error", [element("Code", code), element("Message", message)]));
}

function escapeText(text: string): string {
  return text.replace(/[<>&"\r\n]/g, (char) => `&#${char.charCodeAt(0)};`);
}
