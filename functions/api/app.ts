// What does the API answer to? Every route, its auth, and the one place where errors become problem documents.
import { OpenAPIHono } from "@hono/zod-openapi";
import { bodyLimit } from "hono/body-limit";
import { DroverError } from "../core/errors.ts";
import { addAgentRoutes } from "./agent-routes.ts";
import type { Api, OpenCloud } from "./api.ts";
import { addAuditRoutes } from "./audit-routes.ts";
import { requireKey } from "./auth.ts";
import { addBackendRoutes, addRevokeRoute } from "./backend-routes.ts";
import { addCallbackRoutes } from "./callback-routes.ts";
import { addCommentRoutes } from "./comment-routes.ts";
import { addCredentialRoutes } from "./credential-routes.ts";
import { addEditRoutes } from "./edit-routes.ts";
import { addEventRoutes } from "./event-routes.ts";
import { addExamples } from "./examples.ts";
import { addFeedRoutes } from "./feed-routes.ts";
import { registerFeedSchemas } from "./feed-view.ts";
import { addHealthRoutes } from "./health-routes.ts";
import { addHookRoutes } from "./hook-routes.ts";
import { addHourRoutes } from "./hour-routes.ts";
import { addKeyRoutes } from "./key-routes.ts";
import { addKillRoutes } from "./kill-routes.ts";
import { addListRoutes } from "./list-routes.ts";
import { addMessageRoutes } from "./message-routes.ts";
import { answerProblem, refuseInvalid } from "./problems.ts";
import { addQualityRoutes } from "./quality-routes.ts";
import { recordRefusals } from "./record-refusals.ts";
import { addScheduleRoutes } from "./schedule-routes.ts";
import { addSessionRoutes } from "./session-routes.ts";
import { addSourceRoutes } from "./source-routes.ts";
import { addStopRoutes, addSwitchRoutes } from "./switch-routes.ts";
import { addTags } from "./tags.ts";
import { addTaskRoutes } from "./task-routes.ts";
import { addWebhookRoutes } from "./webhook-routes.ts";

const maxBodyBytes = 1024 * 1024;

function createBareApp(cloud: OpenCloud): Api {
  const app: Api = new OpenAPIHono({ defaultHook: refuseInvalid });
  app.onError(answerProblem);
  app.notFound((context) => {
    const { method, path } = context.req;
    return answerProblem(
      new DroverError("route_not_found", `There is no ${method} ${path}. See /openapi.json.`),
      context,
    );
  });
  // What one caller is told is for no other: whatever stands between may not keep it.
  app.use(async (context, next) => {
    await next();
    context.header("cache-control", "no-store");
  });
  app.use("/api/orchestrator/*", recordRefusals(cloud));
  // The supervisor's callbacks have a token of their own, and are never limited.
  app.use("/api/orchestrator/*", async (context, next) =>
    context.req.path.startsWith("/api/orchestrator/attempts/") ? next() : requireKey(cloud)(context, next),
  );
  app.use(
    bodyLimit({
      maxSize: maxBodyBytes,
      onError: () => {
        throw new DroverError(
          "body_too_large",
          `The body may have ${maxBodyBytes} bytes. Put big inputs into the repository.`,
        );
      },
    }),
  );
  return app;
}

export function createApp(cloud: OpenCloud): Api {
  const app = createBareApp(cloud);
  addHealthRoutes(app, cloud);
  addSessionRoutes(app, cloud);
  addTaskRoutes(app, cloud);
  addListRoutes(app, cloud);
  addHourRoutes(app, cloud);
  addEditRoutes(app, cloud);
  addMessageRoutes(app, cloud);
  addKillRoutes(app, cloud);
  addStopRoutes(app, cloud);
  addSwitchRoutes(app, cloud);
  addRevokeRoute(app, cloud);
  addBackendRoutes(app, cloud);
  addKeyRoutes(app, cloud);
  addAgentRoutes(app, cloud);
  addEventRoutes(app, cloud);
  addFeedRoutes(app, cloud);
  addCredentialRoutes(app, cloud);
  addQualityRoutes(app, cloud);
  addAuditRoutes(app, cloud);
  addWebhookRoutes(app, cloud);
  addCommentRoutes(app, cloud);
  addSourceRoutes(app, cloud);
  addHookRoutes(app, cloud);
  addScheduleRoutes(app, cloud);
  addCallbackRoutes(app, cloud);
  registerFeedSchemas(app);
  app.openAPIRegistry.registerComponent("securitySchemes", "apiKey", {
    type: "apiKey",
    in: "header",
    name: "X-API-Key",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "session", {
    type: "apiKey",
    in: "cookie",
    name: "drover_session",
  });
  app.get("/openapi.json", async (context) => {
    const document = app.getOpenAPI31Document({ openapi: "3.1.0", info: { title: "drover", version: "1" } });
    const paths = document.paths ?? {};
    await addExamples(paths);
    return context.json({ ...document, tags: addTags(paths) });
  });
  return app;
}

/** What is sent piece by piece, and for minutes: a function of its own, so that its readers do not hold up the others. */
export function createStreamApp(cloud: OpenCloud): Api {
  const app = createBareApp(cloud);
  addEventRoutes(app, cloud);
  addFeedRoutes(app, cloud);
  addAuditRoutes(app, cloud);
  return app;
}

/** The break-glass function: it works without the rest of the API. */
export function createKillApp(cloud: OpenCloud): Api {
  const app = createBareApp(cloud);
  addHealthRoutes(app, cloud);
  addKillRoutes(app, cloud);
  addStopRoutes(app, cloud);
  addRevokeRoute(app, cloud);
  return app;
}
