// How does an artifact leave the sandbox? By a PUT to a URL that the control plane has signed for it.
const tries = 3;
const timeoutMs = 60_000;

/** Never fails the work: an artifact is evidence, and the task's result does not depend on it. */
export async function uploadArtifact(url: string, content: Buffer): Promise<boolean> {
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    try {
      const body = new Uint8Array(content);
      const response = await fetch(url, { method: "PUT", body, signal: AbortSignal.timeout(timeoutMs) });
      if (response.ok) return true;
      console.error(
        `the upload of an artifact was refused: ${response.status} ${(await response.text()).slice(0, 200)}`,
      );
    } catch (error) {
      console.error("the upload of an artifact failed", error);
    }
  }
  return false;
}
