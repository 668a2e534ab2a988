// Where do secrets live? In SSM as SecureStrings: credentials per workspace, and the key that signs attempt tokens.
import { GetParameterCommand, ParameterNotFound, PutParameterCommand, type SSMClient } from "@aws-sdk/client-ssm";
import type { Credential, Credentials } from "../core/cloud.ts";

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
