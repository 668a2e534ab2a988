// Which part of the API answers a request? Each is loaded by the first that needs it; a process of the API rarely needs all.
import type { Context } from "hono";
import { Hono } from "hono";
import { answerProblem } from "./answer-problem.ts";
import type { Api, OpenCloud } from "./api.ts";

type AddRoutes = (app: Api, cloud: OpenCloud) => void;

/** What sandboxes and most callers ask for stands apart. The whole has it too, and answers all that is asked for rarely. */
export function createApp(cloud: OpenCloud): Hono {
  const app = new Hono();
  app.onError(answerProblem);
  const part = (load: () => Promise<AddRoutes>) =>
    loadedOnce(async () => {
      const [addRoutes, { createBareApp }] = await Promise.all([load(), import("./bare-app.ts")]);
      const bare = createBareApp(cloud);
      addRoutes(bare, cloud);
      return bare;
    });
  const tasks = part(async () => (await import("./task-routes.ts")).addTaskRoutes);
  const callbacks = part(async () => (await import("./callback-routes.ts")).addCallbackRoutes);
  const whole = loadedOnce(async () => (await import("./whole-app.ts")).createWholeApp(cloud));

  app.all("/api/orchestrator/attempts/*", callbacks);
  app.post("/api/orchestrator/tasks", tasks);
  app.get("/api/orchestrator/tasks/:taskId", tasks);
  app.all("*", whole);
  return app;
}

function loadedOnce(load: () => Promise<Api>) {
  let loaded: Promise<Api> | undefined;
  return async ({ req, env }: Context) => {
    loaded ??= load().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    return (await loaded).fetch(req.raw, env);
  };
}
