// What does the API answer to, all in all? Every route, and the document that describes them.
import { addAgentRoutes } from "./agent-routes.ts";
import type { Api, OpenCloud } from "./api.ts";
import { addAuditRoutes } from "./audit-routes.ts";
import { addBackendRoutes, addRevokeRoute } from "./backend-routes.ts";
import { createBareApp } from "./bare-app.ts";
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
import { addQualityRoutes } from "./quality-routes.ts";
import { addScheduleRoutes } from "./schedule-routes.ts";
import { addSessionRoutes } from "./session-routes.ts";
import { addSourceRoutes } from "./source-routes.ts";
import { addStopRoutes, addSwitchRoutes } from "./switch-routes.ts";
import { addTags } from "./tags.ts";
import { addTaskRoutes } from "./task-routes.ts";
import { addWebhookRoutes } from "./webhook-routes.ts";

export function createWholeApp(cloud: OpenCloud): Api {
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
