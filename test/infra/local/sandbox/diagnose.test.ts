// Does a machine that cannot confine learn why, and what to do?
import { describe, expect, it } from "vitest";
import { diagnose, type MachineFacts } from "../../../../infra/local/sandbox/diagnose.ts";

const healthy: MachineFacts = {
  platform: "linux",
  bubblewrapPath: "/usr/bin/bwrap",
  insideContainer: false,
  appArmorRestricts: false,
  maxUserNamespaces: 15_000,
  asRoot: false,
};
const uidMap = "bwrap: setting up uid map: Permission denied";
const loopback = "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted";
const noPermission = "bwrap: No permissions to create new namespace, likely because the kernel does not allow it";
const failed = "bwrap: Creating new namespace failed: Operation not permitted";
const full = "bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)";
const proc = "bwrap: Can't mount proc on /newroot/proc: Operation not permitted";

describe("the diagnosis", () => {
  it.each<[string, string, Partial<MachineFacts>, RegExp, RegExp]>([
    ["macOS", "", { platform: "darwin" }, /this is darwin/, /Linux/],
    ["no bubblewrap", "", { bubblewrapPath: undefined }, /not installed/, /apt-get install -y bubblewrap/],
    [
      "no user namespaces",
      noPermission,
      { maxUserNamespaces: 0 },
      /max_user_namespaces = 0/,
      /sysctl -w user\.max_user/,
    ],
    ["too few", full, {}, /used up/, /sysctl -w user\.max_user/],
    ["Debian's switch", noPermission, { unprivilegedAllowed: false }, /unprivileged_userns_clone = 0/, /=1/],
    ["Ubuntu, uid map", uidMap, { appArmorRestricts: true }, /AppArmor/, /profile bwrap \/usr\/bin\/bwrap.*userns,/s],
    ["Ubuntu, loopback", loopback, { appArmorRestricts: true }, /AppArmor/, /apparmor_restrict_unprivileged_userns=0/],
    ["Docker, no namespace", failed, { insideContainer: true }, /container/, /--security-opt/],
    ["Docker, no /proc", proc, { insideContainer: true }, /mount \/proc/, /on the machine itself/],
    ["root in name only", "spawn setpriv EPERM", { asRoot: true }, /another uid/, /ordinary user/],
    ["no util-linux", "exec: prlimit: not found", {}, /prlimit/, /util-linux/],
    ["something new", "bwrap: the moon is full", {}, /the moon is full/, /\/usr\/bin\/bwrap --unshare-all/],
    ["silence", "", {}, /without a word/, /bwrap/],
  ])("of %s names the cause and the remedy", (_case, stderr, facts, cause, remedy) => {
    const found = diagnose(stderr, { ...healthy, ...facts });
    expect(found.cause).toMatch(cause);
    expect(found.remedy).toMatch(remedy);
  });

  it("does not blame AppArmor for what bubblewrap did not say", () => {
    expect(diagnose("bwrap: execvp sh: No such file", { ...healthy, appArmorRestricts: true }).cause).toContain(
      "execvp",
    );
  });
});
