// Where do secrets live? In SSM as SecureStrings: credentials, webhook secrets, and the key that signs attempt tokens.
import {
  DeleteParameterCommand,
  GetParameterCommand,
  ParameterNotFound,
  PutParameterCommand,
  paginateGetParametersByPath,
  type SSMClient,
} from "@aws-sdk/client-ssm";
import type { Credential, Credentials } from "../core/cloud.ts";
import type { WebhookId, WebhookSecrets } from "../core/notices.ts";
import type { SourceId } from "../core/sources.ts";

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

async function removeSecret(client: SSMClient, name: string): Promise<void> {
  try {
    await client.send(new DeleteParameterCommand({ Name: name }));
  } catch (error) {
    // Removed before, by a request whose answer was lost.
    if (!(error instanceof ParameterNotFound)) throw error;
  }
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
    remove: (workspace, name) => removeSecret(client, nameOf(workspace, name)),
    async list(workspace) {
      const names: string[] = [];
      // Not decrypted: what comes back beside the names is of no use to anybody.
      const pages = paginateGetParametersByPath({ client }, { Path: nameOf(workspace, ""), WithDecryption: false });
      for await (const { Parameters = [] } of pages) {
        names.push(...Parameters.map(({ Name = "" }) => Name.slice(nameOf(workspace, "").length)));
      }
      return names.sort();
    },
  };
}

const keptSecrets = 500;

/** A secret never changes under its owner's id, so a process may keep it: SSM allows 40 reads a second. */
export function openWebhookSecrets(client: SSMClient, prefix: string): WebhookSecrets {
  const nameOf = (owner: WebhookId | SourceId) => `${prefix}/webhooks/${owner}`;
  const known = new Map<string, string>();
  return {
    put: (owner, secret) => putSecret(client, nameOf(owner), secret),
    async get(owner) {
      const secret = known.get(owner) ?? (await getSecret(client, nameOf(owner)));
      if (known.size >= keptSecrets) known.clear();
      if (secret) known.set(owner, secret);
      return secret;
    },
    async remove(owner) {
      known.delete(owner);
      await removeSecret(client, nameOf(owner));
    },
  };
}
