// What does Lambda hand to a function whose URL is asked?

export function toUrlEvent(method: string, path: string, apiKey: string, body?: object) {
  const headers = { "content-type": "application/json", "x-api-key": apiKey, host: "abc.lambda-url.aws" };
  const http = { method, path, protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "test" };
  return {
    ...{ version: "2.0", routeKey: "$default", rawPath: path, rawQueryString: "", headers },
    requestContext: { accountId: "anonymous", apiId: "abc", domainName: "abc.lambda-url.aws", http, stage: "$default" },
    ...(body ? { body: Buffer.from(JSON.stringify(body)).toString("base64") } : {}),
    isBase64Encoded: body !== undefined,
  };
}
