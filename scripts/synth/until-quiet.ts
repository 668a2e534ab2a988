// When has a program said all? Many resources are made only when another one's answer is there.
import * as pulumi from "@pulumi/pulumi";

export async function untilQuiet(count: () => number): Promise<void> {
  const { waitForRPCs } = pulumi.runtime as unknown as { waitForRPCs(): Promise<void> };
  for (let quiet = 0, seen = -1; quiet < 3; ) {
    await waitForRPCs();
    await new Promise((resolve) => setTimeout(resolve, 50));
    quiet = count() === seen ? quiet + 1 : 0;
    seen = count();
  }
}
