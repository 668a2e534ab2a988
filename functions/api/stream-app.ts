// What is sent piece by piece, and for minutes? By a function of its own, so that its readers do not hold up the others.
import type { Api, OpenCloud } from "./api.ts";
import { addAuditRoutes } from "./audit-routes.ts";
import { createBareApp } from "./bare-app.ts";
import { addEventRoutes } from "./event-routes.ts";
import { addFeedRoutes } from "./feed-routes.ts";

export function createStreamApp(cloud: OpenCloud): Api {
  const app = createBareApp(cloud);
  addEventRoutes(app, cloud);
  addFeedRoutes(app, cloud);
  addAuditRoutes(app, cloud);
  return app;
}
