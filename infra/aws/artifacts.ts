// Where do logs, diffs, transcripts and checkpoints lie, and for how long? The digests of the audit log stay for good.

export function createArtifacts({ keep, days }: { keep: boolean; days: number }): sst.aws.Bucket {
  return new sst.aws.Bucket("Artifacts", {
    // Supervisors use it, and no browser.
    cors: false,
    enforceHttps: true,
    lifecycle: [{ id: "tasks", prefix: "tasks/", expiresIn: `${days} days` }],
    transform: {
      bucket: { forceDestroy: !keep },
      lifecycle: (lifecycle) => {
        lifecycle.rules = $output(lifecycle.rules).apply((rules = []) => [
          ...rules,
          {
            id: "unfinished",
            status: "Enabled",
            filter: {},
            abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
          },
        ]);
      },
    },
  });
}
