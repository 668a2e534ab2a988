// Which measurement? `npm run bench -- imports`; each prints its figures, with what they are compared to.

const benches = { imports: () => import("./imports.ts") };

const name = process.argv[2] ?? "";
if (!(name in benches)) {
  console.error(`There is no bench "${name}". Choose one of: ${Object.keys(benches).join(", ")}.`);
  process.exit(1);
}
const { measure } = await benches[name as keyof typeof benches]();
await measure();
