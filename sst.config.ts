// What is deployed, under which name? `npx sst deploy --stage production`; stacks/aws.ts says what a stage consists of.

export default $config({
  app: ({ stage }) => ({
    name: "drover",
    home: "aws",
    removal: stage === "production" ? "retain" : "remove",
    protect: stage === "production",
    providers: { aws: "7.20.0" },
  }),
  async run() {
    // The CLI allows no import above.
    const { createStage } = await import("./stacks/aws.ts");
    return createStage();
  },
});
