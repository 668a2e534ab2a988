// What has every request to go through? Who asks, how much it sends, and the one place where errors become problem documents.
import { bodyLimit } from "hono/body-limit";
import { DroverError } from "../core/errors.ts";
import { answerProblem } from "./answer-problem.ts";
import { type Api, createApi, type OpenCloud } from "./api.ts";
import { requireKey } from "./auth.ts";
import { recordRefusals } from "./record-refusals.ts";

const maxBodyBytes = 1024 * 1024;

export function createBareApp(cloud: OpenCloud): Api {
  const app = createApi();
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
