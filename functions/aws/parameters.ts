// Where do secrets live? In SSM as SecureStrings: credentials, webhook secrets, and the key that signs attempt tokens.
import {
  DeleteParameterCommand,
  GetParameterCommand,
  ParameterNotFound,
  PutParameterCommand,
  type SSMClient,
} from "@aws-sdk/client-ssm";
import type { Credential, Credentials } from "../core/cloud.ts";
import type { WebhookId, WebhookSecrets } from "../core/notices.ts";

export async function getSecret(client: SSMClient, name: string): Promise<string | undefined> {
  try {
    const { Parameter } = await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
    return Parameter?.Value;
  } catch (error) {
    if (error instanceof ParameterNotFound) return undefined;
    throw error;
  }
}

export async function putSecret(client: SSMClient, name: string, value: string): Promise<void> {
  await client.send(new PutParameterCommand({ Name: name, Value: value, Type: "SecureString", Overwrite: true }));
}

/** Write-only for users: no route of the API reads a credential back. */
export function openCredentials(client: SSMClient, prefix: string): Credentials {
  const nameOf = (workspace: string, name: string) => `${prefix}/credentials/${workspace}/${name}`;
  return {
    put: (workspace, name, credential) => putSecret(client, nameOf(workspace, name), JSON.stringify(credential)),
    async get(workspace, name) {
      const value = await getSecret(client, nameOf(workspace, name));
      return value === undefined ? undefined : (JSON.parse(value) as Credential);
    },
  };
}

const keptSecrets = 500;

/** A secret never changes under its webhook's id, so a process may keep it: SSM allows 40 reads a second. */
export function openWebhookSecrets(client: SSMClient, prefix: string): WebhookSecrets {
  const nameOf = (webhookId: WebhookId) => `${prefix}/webhooks/${webhookId}`;
  const known = new Map<WebhookId, string>();
  return {
    put: (webhookId, secret) => putSecret(client, nameOf(webhookId), secret),
    async get(webhookId) {
      const secret = known.get(webhookId) ?? (await getSecret(client, nameOf(webhookId)));
      if (known.size >= keptSecrets) known.clear();
      if (secret) known.set(webhookId, secret);
      return secret;
    },
    async remove(webhookId) {
      known.delete(webhookId);
      try {
        await client.send(new DeleteParameterCommand({ Name: nameOf(webhookId) }));
      } catch (error) {
        // Removed before, by a request whose answer was lost.
        if (!(error instanceof ParameterNotFound)) throw error;
      }
    },
  };
}
