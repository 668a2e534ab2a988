import { describe, expect, it } from "vitest";
import { whyBadBranch } from "../../functions/git/branch-name.ts";
import { parseRepositoryUrl } from "../../functions/git/repository-url.ts";

describe("the name of a repository", () => {
  it.each([
    ["https://github.com/acme/shop", { kind: "https", url: "https://github.com/acme/shop" }],
    ["  https://github.com/acme/shop.git/ ", { kind: "https", url: "https://github.com/acme/shop.git" }],
    ["HTTPS://GitHub.com/Acme/shop", { kind: "https", url: "https://github.com/Acme/shop" }],
    ["http://127.0.0.1:4100/r/x", { kind: "https", url: "http://127.0.0.1:4100/r/x" }],
    ["http://localhost:4100/x", { kind: "https", url: "http://localhost:4100/x" }],
    ["file:///srv/git/shop.git", { kind: "file", path: "/srv/git/shop.git" }],
    ["file:///srv/my%20shop", { kind: "file", path: "/srv/my shop" }],
    ["/srv/git/shop/", { kind: "file", path: "/srv/git/shop" }],
    ["/srv/a/../git//shop", { kind: "file", path: "/srv/git/shop" }],
  ])("%s is understood", (text, expected) => {
    expect(parseRepositoryUrl(text)).toEqual(expected);
  });

  it.each([
    ["git@github.com:acme/shop.git", "https://github.com/acme/shop.git"],
    ["gitea@git.acme.test:2222/shop", "https://git.acme.test/2222/shop"],
    ["github.com:acme/shop", "https://github.com/acme/shop"],
    ["ssh://git@github.com/acme/shop", "https://github.com/acme/shop"],
    ["github.com/acme/shop", "https://github.com/acme/shop"],
    ["acme/shop", "absolute path"],
    ["../shop", "absolute path"],
    ["", "empty"],
    ["https://github.com", "no repository"],
    ["https://", "cannot be read|can be read"],
    ["http://github.com/acme/shop", "https://github.com/acme/shop"],
    ["git://github.com/acme/shop", "does not speak git://"],
    ["ext::sh -c touch% /tmp/x", "absolute path"],
    ["https://github.com/acme/shop?x=1", "has a \\? or #"],
    ["https://github.com/acme\n/shop", "control character"],
    ["file://server/share", "file:///path"],
    ["file:///srv/a%2fb", "file:///path"],
    ["file:///srv/%ff", "file:///path"],
    ["file:///srv/a%0ab", "control character"],
    ["/", "root directory"],
  ])("%s is refused with a remedy", (text, remedy) => {
    expect(parseRepositoryUrl(text)).toEqual({ kind: "bad", message: expect.stringMatching(remedy) });
  });

  it.each([
    "https://user:ghp_secret@github.com/acme/shop",
    "https://ghp_secret@github.com/acme/shop",
    "ghp_secret@github.com/acme/shop",
    "x:ghp_secret@github.com:acme/shop",
    "https:/x:ghp_secret@github.com/acme/shop",
    "ssh://x:ghp_secret@github.com/acme/shop",
    "https://x:ghp_secret@[broken/acme",
  ])("a credential in %s is refused, and never repeated", (text) => {
    const parsed = parseRepositoryUrl(text);
    expect(parsed.kind).toBe("bad");
    expect(JSON.stringify(parsed)).not.toContain("ghp_secret");
  });
});

describe("the name of a branch", () => {
  it.each(["main", "drover/tsk_01/1", "feature/ü", "a.b", "release-1.0"])("%s is good", (name) => {
    expect(whyBadBranch(name)).toBeUndefined();
  });

  const bad = [
    "",
    "a b",
    "a..b",
    "/a",
    "a/",
    "a//b",
    ".a",
    "a/.b",
    "a.",
    "x.lock",
    "a~1",
    "a^",
    "a:b",
    "a?",
    "a*",
    "[a",
    "a\\b",
  ];
  it.each([...bad, "@", "HEAD", "-f", "a@{1}", "a\nb", "a\u0000", "x".repeat(201)])("%j is refused", (name) => {
    expect(whyBadBranch(name)).toBeTypeOf("string");
  });
});
