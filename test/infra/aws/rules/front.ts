// What must the front door be like: where does it lead, what may its pages do, what does it keep?
import { expect } from "vitest";
import { type Graph, ofType, one } from "../../../../scripts/synth/graph.ts";
import { askEdge } from "../edge.ts";
import type { Rule } from "./rule.ts";

const distribution = "aws:cloudfront/distribution:Distribution";
const dynamic = "pulumi-nodejs:dynamic:Resource";
const edge = "aws:cloudfront/function:Function";
const headers = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy";
const cachePolicy = "aws:cloudfront/cachePolicy:CachePolicy";

/** `kind,namespace,host,path` of every route, and the metadata that stands under its namespace. */
function routesOf(graph: Graph) {
  const metadata = new Map(
    ofType(graph, dynamic, /KvKeys$/).map(({ inputs }) => [inputs.namespace, JSON.parse(inputs.entries.metadata)]),
  );
  return ofType(graph, dynamic, /RoutesUpdate\./).map(({ inputs }) => {
    const [kind, namespace, , path] = inputs.entry.split(",");
    return { kind, path, ...metadata.get(namespace) };
  });
}

const task = "tsk_01K0000000000000000000000A";

export const frontRules: Rule[] = [
  {
    rule: "one address leads to the dashboard, the API and the streams",
    check: (graph) => {
      const routes = routesOf(graph).map(({ kind, path, host }) => [path, kind, host?.split(".")[0]]);
      expect(routes.sort()).toEqual([
        ["", "site", undefined],
        ["/api", "url", "apiurl"],
        ["/health", "url", "apiurl"],
        ["/openapi.json", "url", "apiurl"],
        ["/stream", "url", "streamurl"],
      ]);
    },
    breakIt: (graph) => {
      const { inputs } = one(graph, dynamic, /^FrontRoute\/apiRouteKey/);
      inputs.entries.metadata = inputs.entries.metadata.replace("apiurl", "killurl");
    },
  },
  {
    rule: "what is sent piece by piece goes to the stream function, under the address that it asked for",
    check: async (graph) => {
      for (const streamed of ["agents/events", `tasks/${task}/events`, "audit/export"]) {
        const uri = `/api/orchestrator/${streamed}`;
        expect(await askEdge(graph, uri)).toMatchObject({ host: "streamurl.lambda-url.eu-west-1.on.aws", uri });
      }
    },
    breakIt: (graph) => {
      const { inputs } = one(graph, edge);
      inputs.code = inputs.code.replace("agents/events|", "");
    },
  },
  {
    rule: "every other call goes to the API as it is, with the host that the browser sees",
    check: async (graph) => {
      for (const uri of [
        "/api/orchestrator/tasks",
        `/api/orchestrator/tasks/${task}`,
        `/api/orchestrator/tasks/${task}/events/more`,
        "/api/orchestrator/audit/digests",
        "/api/session",
        "/api/hooks/src_1",
        "/health",
        "/health/ready",
        "/openapi.json",
      ]) {
        expect(await askEdge(graph, uri)).toMatchObject({
          host: "apiurl.lambda-url.eu-west-1.on.aws",
          uri,
          headers: { "x-forwarded-host": { value: "d1.cloudfront.net" } },
        });
      }
    },
    breakIt: (graph) => {
      const { inputs } = one(graph, dynamic, /^FrontRoute\/healthRoutesUpdate/);
      inputs.entry = inputs.entry.replace("/health", "/healthy");
    },
  },
  {
    rule: "the front door waits for a stream longer than it is silent",
    check: async (graph) => {
      const { readTimeout = 0 } = await askEdge(graph, "/api/orchestrator/agents/events");
      expect(readTimeout).toBeGreaterThan(2 * 10);
    },
    breakIt: (graph) => {
      const { inputs } = one(graph, dynamic, /^FrontRoute\/streamRouteKey/);
      inputs.entries.metadata = inputs.entries.metadata.replace('"readTimeout":60', '"readTimeout":5');
    },
  },
  {
    rule: "the code at the edge is small enough for it",
    check: (graph) => expect(one(graph, edge).inputs.code.length).toBeLessThan(10_240),
    breakIt: (graph) => {
      one(graph, edge).inputs.code += " ".repeat(5_000);
    },
  },
  {
    rule: "browsers come by TLS, and may use every method",
    check: (graph) => {
      const behavior = one(graph, distribution).inputs.defaultCacheBehavior;
      expect(behavior.viewerProtocolPolicy).toBe("redirect-to-https");
      expect(behavior.allowedMethods).toEqual(expect.arrayContaining(["GET", "POST", "PUT", "PATCH", "DELETE"]));
    },
    breakIt: (graph) => {
      one(graph, distribution).inputs.defaultCacheBehavior.viewerProtocolPolicy = "allow-all";
    },
  },
  {
    rule: "a page may load and call its own origin only, and stands in no frame",
    check: (graph) => {
      const policy = one(graph, headers, /^FrontHeaders$/);
      expect(one(graph, distribution).inputs.defaultCacheBehavior.responseHeadersPolicyId).toBe("FrontHeaders-id");
      const { contentSecurityPolicy, frameOptions, contentTypeOptions } = policy.inputs.securityHeadersConfig;
      expect(contentSecurityPolicy.contentSecurityPolicy.split("; ")).toEqual([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
      ]);
      expect([frameOptions.frameOption, contentTypeOptions.override]).toEqual(["DENY", true]);
    },
    breakIt: (graph) => {
      const { contentSecurityPolicy } = one(graph, headers, /^FrontHeaders$/).inputs.securityHeadersConfig;
      contentSecurityPolicy.contentSecurityPolicy = contentSecurityPolicy.contentSecurityPolicy.replace(
        "script-src 'self'",
        "script-src *",
      );
    },
  },
  {
    rule: "the API's reference is read from files at /docs",
    check: async (graph) => {
      for (const [uri, file] of [
        ["/docs", "/docs/index.html"],
        ["/docs/", "/docs/index.html"],
        ["/docs/show.js", "/docs/show.js"],
      ] as const) {
        const sent = await askEdge(graph, uri);
        expect(sent.host).toMatch(/\.s3\.eu-west-1\.amazonaws\.com$/);
        expect(sent.uri).toMatch(new RegExp(`${file}$`));
      }
    },
    breakIt: (graph) => {
      const { inputs } = one(graph, dynamic, /^DashboardKvKeys/);
      inputs.entries.metadata = inputs.entries.metadata.replace('"/docs"', '"/manual"');
    },
  },
  {
    rule: "the reference has a policy of its own, which lets its icons in and sends no forms",
    check: (graph) => {
      const { defaultCacheBehavior, orderedCacheBehaviors } = one(graph, distribution).inputs;
      expect(orderedCacheBehaviors).toEqual(
        ["/docs", "/docs/*"].map((pathPattern) => ({
          ...defaultCacheBehavior,
          pathPattern,
          responseHeadersPolicyId: "ReferenceHeaders-id",
        })),
      );
      const { contentSecurityPolicy } = one(graph, headers, /^ReferenceHeaders$/).inputs.securityHeadersConfig;
      expect(contentSecurityPolicy.contentSecurityPolicy.split("; ")).toEqual(
        expect.arrayContaining([
          "script-src 'self'",
          "img-src 'self' data:",
          "connect-src 'self'",
          "form-action 'none'",
        ]),
      );
    },
    breakIt: (graph) => {
      one(graph, distribution).inputs.orderedCacheBehaviors[1].responseHeadersPolicyId = "FrontHeaders-id";
    },
  },
  {
    rule: "what the front door keeps of one caller's answers it gives to no other",
    check: (graph) => {
      const { parametersInCacheKeyAndForwardedToOrigin: key, defaultTtl, minTtl } = one(graph, cachePolicy).inputs;
      expect(key.cookiesConfig).toEqual({ cookieBehavior: "whitelist", cookies: { items: ["drover_session"] } });
      expect(key.headersConfig.headers.items).toContain("x-api-key");
      expect([defaultTtl, minTtl]).toEqual([0, 0]);
    },
    breakIt: (graph) => {
      one(graph, cachePolicy).inputs.parametersInCacheKeyAndForwardedToOrigin.cookiesConfig = {
        cookieBehavior: "none",
      };
    },
  },
  {
    rule: "sessions are bound to the address that browsers see",
    check: (graph) => {
      for (const name of ["Api", "Stream", "Kill"]) {
        const { variables } = one(graph, "aws:lambda/function:Function", new RegExp(`^${name}Function$`)).inputs
          .environment;
        expect(variables.DROVER_PUBLIC_ORIGIN).toBe(graph.outputs.url);
      }
    },
    breakIt: (graph) => {
      graph.outputs.url = "https://elsewhere.example.com";
    },
  },
  {
    rule: "whoever deploys is told the address, and the one that kills when the front door is shut",
    check: (graph) => {
      expect(graph.outputs.killUrl).toMatch(/^https:\/\/killurl\.lambda-url\./);
      expect(graph.outputs.parameters).toMatch(/^\/drover\/[a-z]+$/);
    },
    breakIt: (graph) => {
      delete graph.outputs.killUrl;
    },
  },
  {
    rule: "the files of the dashboard are read by CloudFront alone",
    check: (graph) => {
      const { Statement } = JSON.parse(one(graph, "aws:s3/bucketPolicy:BucketPolicy", /^Dashboard/).inputs.policy);
      const allowed = Statement.filter(({ Effect }: { Effect: string }) => Effect === "Allow");
      expect(allowed).toEqual([
        expect.objectContaining({ Action: ["s3:GetObject"], Principal: { Service: ["cloudfront.amazonaws.com"] } }),
      ]);
    },
    breakIt: (graph) => {
      const { inputs } = one(graph, "aws:s3/bucketPolicy:BucketPolicy", /^Dashboard/);
      inputs.policy = inputs.policy.replace('{"Service":["cloudfront.amazonaws.com"]}', '{"*":["*"]}');
    },
  },
];
