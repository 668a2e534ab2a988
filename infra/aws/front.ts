// How do browsers come to drover? By one address, for the dashboard's files and the API: CloudFront.
import { referencePath, referencePolicy } from "../api-reference.ts";
import { contentPolicy } from "../page-policy.ts";

/** What is answered piece by piece goes to a function of its own; routes are told apart by how they begin. */
const streamPrefix = "/stream";
const streamed = "^/api/orchestrator/(agents/events|tasks/[^/]+/events|audit/export)$";
const apiPaths = ["/api", "/health", "/openapi.json"];
/** A stream is silent for ten seconds at most. */
const streamReadTimeout = "60 seconds";

export function createFront({ domain }: { domain?: string | undefined }): sst.aws.Router {
  const headers = createHeaders("FrontHeaders", "what a page may do", { sendsForms: true });
  const referenceHeaders = createHeaders("ReferenceHeaders", "what the API's reference may do", referencePolicy);
  return new sst.aws.Router("Front", {
    ...(domain && { domain }),
    edge: {
      viewerRequest: {
        injection: `if (new RegExp(${JSON.stringify(streamed)}).test(event.request.uri)) event.request.uri = "${streamPrefix}" + event.request.uri;`,
      },
    },
    transform: {
      // Whose answer it is belongs to what it is kept under. The API forbids to keep its answers besides.
      cachePolicy: (policy) => {
        policy.parametersInCacheKeyAndForwardedToOrigin = {
          cookiesConfig: { cookieBehavior: "whitelist", cookies: { items: ["drover_session"] } },
          headersConfig: { headerBehavior: "whitelist", headers: { items: ["x-api-key", "x-forwarded-host"] } },
          queryStringsConfig: { queryStringBehavior: "all" },
          enableAcceptEncodingBrotli: true,
          enableAcceptEncodingGzip: true,
        };
      },
      cdn: (cdn) => {
        const behavior = $output(cdn.defaultCacheBehavior);
        cdn.defaultCacheBehavior = behavior.apply((all) => ({ ...all, responseHeadersPolicyId: headers.id }));
        // Nothing else is different there: the code at the edge knows the way.
        cdn.orderedCacheBehaviors = [referencePath, `${referencePath}/*`].map((pathPattern) =>
          behavior.apply((all) => ({ ...all, pathPattern, responseHeadersPolicyId: referenceHeaders.id })),
        );
      },
    },
  });
}

const createHeaders = (name: string, what: string, pages: Parameters<typeof contentPolicy>[0]) =>
  new aws.cloudfront.ResponseHeadersPolicy(name, {
    comment: `drover ${$app.stage}: ${what}`,
    securityHeadersConfig: {
      contentSecurityPolicy: { contentSecurityPolicy: writePolicy(pages), override: false },
      contentTypeOptions: { override: true },
      frameOptions: { frameOption: "DENY", override: true },
      referrerPolicy: { referrerPolicy: "no-referrer", override: true },
      strictTransportSecurity: { accessControlMaxAgeSec: 31_536_000, override: true },
    },
  });

export function routeApi(front: sst.aws.Router, api: sst.aws.Function, stream: sst.aws.Function): void {
  for (const path of apiPaths) front.route(path, api.url);
  front.route(streamPrefix, stream.url, {
    rewrite: { regex: `^${streamPrefix}`, to: "" },
    readTimeout: streamReadTimeout,
  });
}

/** With the API's reference. */
export function createDashboard(front: sst.aws.Router): sst.aws.StaticSite {
  return new sst.aws.StaticSite("Dashboard", {
    path: ".",
    build: { command: "npm run build:site", output: "clients/dashboard/dist" },
    router: { instance: front },
    assets: {
      routes: [referencePath.slice(1)],
      fileOptions: [
        { files: "**", cacheControl: "public, max-age=31536000, immutable" },
        // These keep their names when their content changes.
        { files: ["index.html", "favicon.svg", "docs/*"], cacheControl: "no-cache" },
      ],
    },
    dev: false,
  });
}

const writePolicy = (pages: Parameters<typeof contentPolicy>[0]) =>
  Object.entries(contentPolicy(pages))
    .map(([name, sources]) => `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${sources.join(" ")}`)
    .join("; ");
