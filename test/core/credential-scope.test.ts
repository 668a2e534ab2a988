import { describe, expect, it } from "vitest";
import { mayBeSentTo, repositoryPattern } from "../../functions/core/credential-scope.ts";

const token = { username: "u", token: "t" };

describe("a credential", () => {
  it.each([
    ["https://github.com/acme/shop", true],
    ["http://127.0.0.1:4000/shop.git", true],
    ["https://evil.example/shop", false],
    ["https://github.com.evil.example/acme/shop", false],
    ["https://git.acme.example/shop", false],
  ])("without repositories goes to well-known hosts and to this machine only: %s %s", (url, expected) => {
    expect(mayBeSentTo(token, url)).toBe(expected);
  });

  it.each([
    ["https://git.acme.example/shop/*", "https://git.acme.example/shop/api", true],
    ["https://git.acme.example/shop/*", "https://git.acme.example/shopping", false],
    ["https://git.acme.example/shop/*", "https://github.com/acme/shop", false],
    ["https://git.acme.example/*/api", "https://git.acme.example/team/api", true],
    ["https://git.acme.example/a.b", "https://git.acme.example/aXb", false],
    ["https://git.acme.example/shop", "https://git.acme.example/shop", true],
    ["https://git.acme.example/shop", "https://git.acme.example/shop/api", false],
    ["https://git.acme.example/*/api/*", "https://git.acme.example/team/api/v2", true],
    ["https://git.acme.example/*/api/*", "https://git.acme.example/api/v2", false],
    ["https://git.acme.example/team/*team", "https://git.acme.example/team", false],
    ["https://git.acme.example/ab*ba", "https://git.acme.example/aba", false],
  ])("with repositories goes where they say and nowhere else: %s, %s, %s", (pattern, url, expected) => {
    expect(mayBeSentTo({ ...token, repositories: [pattern] }, url)).toBe(expected);
  });

  it("for a model goes to no repository", () => {
    const key = { ...token, model: { provider: "anthropic" as const } };
    expect(mayBeSentTo(key, "https://github.com/acme/shop")).toBe(false);
  });

  it.each([
    "https://*/x",
    "https://*.example/x",
    "http://git.example/x",
    "git.example/x",
    "https://u@h/x",
  ])("cannot be opened to any host by a pattern: %s", (pattern) => expect(repositoryPattern.test(pattern)).toBe(false));
});
