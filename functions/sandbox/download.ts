// How does an artifact of an earlier attempt come into the sandbox? By a GET of a URL that the control plane has signed.
const timeoutMs = 60_000;

/** Undefined when it cannot be had, or is larger than `maxBytes`: whoever asks can do without. */
export async function downloadArtifact(url: string, maxBytes: number): Promise<Buffer | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: "error" });
    if (!response.ok) throw new Error(`it was answered with ${response.status}`);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > maxBytes) throw new Error(`it has more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    console.error("an artifact of an earlier attempt cannot be had", error);
    return undefined;
  }
}
