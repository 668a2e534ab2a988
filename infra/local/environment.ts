// Which variables make the functions of this process use the stand-ins? The SDK's own, and drover's settings.

/** Set unless the user has set it: so any service can be pointed at another emulator, or at AWS. */
export function setUnlessGiven(variables: Record<string, string>): void {
  for (const [name, value] of Object.entries(variables)) process.env[name] ??= value;
}

export const isGiven = (service: string): boolean => Boolean(process.env[endpointVariable(service)]);
export const endpointVariable = (service: string): string => `AWS_ENDPOINT_URL_${service}`;
