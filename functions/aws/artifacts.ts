// Where do big things go? To S3; the supervisor uploads with a presigned URL and has no AWS rights of its own.
import { GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { ArtifactKind, Artifacts } from "../core/cloud.ts";
import { type AgentId, parseAgentId } from "../core/ids.ts";
import { needed, uploadTimeoutMs } from "./request-limits.ts";

/** The longest that a presigned URL can live: 7 days by S3; we stay above the longest wall-clock limit. */
const urlExpiresInSeconds = 26 * 60 * 60;

export function openArtifacts(bucket: string): Artifacts {
  // Path-style addresses work everywhere; a checksum in a presigned URL would bind it to one body.
  const client = new S3Client({ forcePathStyle: true, requestChecksumCalculation: "WHEN_REQUIRED", ...needed() });
  async function get(Key: string): Promise<Uint8Array | undefined> {
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
      return await Body?.transformToByteArray();
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  return {
    uploadUrl: (agentId, kind) =>
      getSignedUrl(client, new PutObjectCommand({ Bucket: bucket, Key: keyOf(agentId, kind) }), {
        expiresIn: urlExpiresInSeconds,
      }),
    downloadUrl: (agentId, kind) =>
      getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key: keyOf(agentId, kind) }), {
        expiresIn: urlExpiresInSeconds,
      }),
    read: (agentId, kind) => get(keyOf(agentId, kind)),
    async putAuditFile(name, text) {
      const put = new PutObjectCommand({ Bucket: bucket, Key: auditKeyOf(name), Body: text });
      await client.send(put, { requestTimeout: uploadTimeoutMs });
    },
    async readAuditFile(name) {
      const bytes = await get(auditKeyOf(name));
      return bytes && Buffer.from(bytes).toString();
    },
  };
}

function keyOf(agentId: AgentId, kind: ArtifactKind): string {
  return `tasks/${parseAgentId(agentId)?.taskId}/${agentId}/${kind}`;
}

/** Under a prefix of its own: the lifecycle rule of `tasks/` must never reach it. */
const auditKeyOf = (name: string) => `audit/${name}`;
