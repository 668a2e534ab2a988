// Is this Node new enough? Asked in plain JavaScript, since an older Node cannot read the rest.
const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  console.error(
    `drover needs Node 24 or newer, and this is ${process.version}. On Linux (x64) "npm ci" brings the right one ` +
      "along: run it again without --omit=optional. Elsewhere install Node 24.",
  );
  process.exit(1);
}
