// What Lambda's runtime does with a bundle, in a process of its own: `node lambda-runtime.mjs <file>`, the event on its standard input.
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";

/** Streams end after so many bytes: nobody tells a function that its reader has left. */
const enoughBytes = 500;

// What a function that streams is made with, and the head of its answer, which goes before the body.
globalThis.awslambda = {
  streamifyResponse: (handle) => Object.assign(handle, { streams: true }),
  HttpResponseStream: {
    from(stream, head) {
      stream.head = head;
      return stream;
    },
  },
};

const event = JSON.parse(await text(process.stdin));
const { handler } = await import(process.argv[2]);
const answer = handler.streams ? await answerPiecewise() : await handler(event, {});
// A frozen function keeps its connections; here they would keep the process.
process.stdout.write(JSON.stringify(answer ?? null), () => process.exit(0));

async function answerPiecewise() {
  const stream = new PassThrough();
  let body = "";
  const enough = new Promise((resolve) => {
    stream.on("data", (chunk) => {
      body += chunk;
      if (body.length >= enoughBytes) resolve();
    });
    stream.once("end", resolve);
  });
  handler(event, stream, {});
  await enough;
  return { ...stream.head, body };
}
