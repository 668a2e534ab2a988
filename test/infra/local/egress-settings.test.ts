import { expect, it } from "vitest";
import { openRegistry } from "../../../infra/local/egress-settings.ts";

it.each([
  [
    "npm's own registry may lead to public addresses only",
    "https://registry.npmjs.org/",
    ["registry.npmjs.org:443"],
    [],
  ],
  ["a company's registry may lead inside", "https://npm.corp.test/npm/", [], ["npm.corp.test:443"]],
  ["so may one with a port", "http://npm.corp.test:4873", [], ["npm.corp.test:4873"]],
  ["a registry by plain http is reached on its port", "http://npm.corp.test", [], ["npm.corp.test:80"]],
  ["without npm no registry is opened", undefined, [], []],
  ["what is no URL opens nothing", "npm.corp.test", [], []],
])("%s", (_rule, url, allow, allowPrivate) => expect(openRegistry(url, false)).toEqual({ allow, allowPrivate }));

it("npm's own registry may lead inside where its name did so at the start", () =>
  expect(openRegistry("https://registry.npmjs.org/", true)).toEqual({
    allow: [],
    allowPrivate: ["registry.npmjs.org:443"],
  }));
