import { describe, expect, it } from "vitest";
import { writeUserData } from "../../../infra/aws/egress-filter.ts";

const from = ["10.90.16.0/20"];
const resolver = "169.254.169.253";

describe("the filter's script", () => {
  it.each([
    "registry.npmjs.org",
    "*.example.com",
    "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
  ])("lets out to %s", (host) => {
    expect(writeUserData({ hosts: [host], from, resolver })).toContain(`    ${host} $ssl_preread_server_name:443;`);
  });

  it.each([
    "*",
    "*.com*",
    "localhost",
    "10.0.0.1",
    "a.com:8443",
    "a.com; }",
    "a.com\nEND\nreboot",
    "https://a.com",
    "-a.com",
    "",
  ])("is not written for %j, which is no host's name and would be a part of it", (host) => {
    expect(() => writeUserData({ hosts: [host], from, resolver })).toThrow(/is not the name of a host/);
  });
});
