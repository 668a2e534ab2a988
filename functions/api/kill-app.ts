// What must work without the rest of the API? The break-glass function.
import type { Api, OpenCloud } from "./api.ts";
import { addRevokeRoute } from "./backend-routes.ts";
import { createBareApp } from "./bare-app.ts";
import { addHealthRoutes } from "./health-routes.ts";
import { addKillRoutes } from "./kill-routes.ts";
import { addStopRoutes } from "./switch-routes.ts";

export function createKillApp(cloud: OpenCloud): Api {
  const app = createBareApp(cloud);
  addHealthRoutes(app, cloud);
  addKillRoutes(app, cloud);
  addStopRoutes(app, cloud);
  addRevokeRoute(app, cloud);
  return app;
}
