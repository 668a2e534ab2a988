// How does a person sign in to the dashboard, and who is calling?
import * as z from "zod";
import { type ApiKey, roles } from "../core/table.ts";
import { type Api, createRoute, type OpenCloud } from "./api.ts";
import { authenticate, authenticateKey, security } from "./auth.ts";
import { json } from "./inputs.ts";
import { problemResponse } from "./problems.ts";
import { endSession, readSession, type Session, startSession } from "./session.ts";

const path = "/api/session";

const sessionSchema = z
  .object({
    keyId: z.string(),
    name: z.string(),
    principal: z.string(),
    role: z.enum(roles),
    workspace: z.string(),
    /** Of a session only. */
    expiresAt: z.string().optional(),
    csrfToken: z.string().optional(),
  })
  .meta({ id: "Session" });

const signIn = createRoute({
  method: "post",
  path,
  summary: "Exchange an API key for a session cookie",
  request: { body: { required: true, content: json(z.strictObject({ apiKey: z.string().max(200) })) } },
  responses: {
    201: { description: "Signed in; writes carry `csrfToken` as X-CSRF-Token", content: json(sessionSchema) },
    401: problemResponse("The key is not valid"),
  },
});

const whoAmI = createRoute({
  method: "get",
  path,
  summary: "Who is calling: by session or by key",
  security,
  responses: {
    200: { description: "The holder of the key", content: json(sessionSchema) },
    401: problemResponse("Nobody is signed in"),
  },
});

const signOut = createRoute({
  method: "delete",
  path,
  summary: "Sign out",
  responses: { 204: { description: "The cookie is gone" } },
});

export function addSessionRoutes(app: Api, openCloud: OpenCloud): void {
  app.openapi(signIn, async (context) => {
    const cloud = await openCloud();
    const key = await authenticateKey(cloud, context.req.valid("json").apiKey);
    return context.json(view(key, startSession(cloud, context, key.keyId)), 201);
  });

  app.openapi(whoAmI, async (context) => {
    const cloud = await openCloud();
    const key = await authenticate(cloud, context);
    return context.json(view(key, context.req.header("x-api-key") ? undefined : readSession(cloud, context)), 200);
  });

  // Also for a session that is over, or was never ours: it takes nothing but the cookie of whoever asks.
  app.openapi(signOut, (context) => {
    endSession(context);
    return context.body(null, 204);
  });
}

function view(key: ApiKey, session: Session | undefined): z.output<typeof sessionSchema> {
  const { keyId, name, principal, role, workspace } = key;
  const signedIn = session && {
    expiresAt: new Date(session.expiresAt).toISOString(),
    csrfToken: session.csrfToken,
  };
  return { keyId, name, principal, role, workspace, ...signedIn };
}
