// What if a month grows dearer than was meant? AWS writes a mail when it is, and when it looks as if it will be.

/** Of this stage alone, by SST's tag on what it makes; the tag has to be made known to the billing console once. */
export function createBudget({ dollars, mailbox }: { dollars: number; mailbox: string }): void {
  const tellWhen = (notificationType: "ACTUAL" | "FORECASTED", threshold: number) => ({
    comparisonOperator: "GREATER_THAN",
    thresholdType: "PERCENTAGE",
    threshold,
    notificationType,
    subscriberEmailAddresses: [mailbox],
  });
  new aws.budgets.Budget("Budget", {
    name: `drover-${$app.stage}`,
    budgetType: "COST",
    timeUnit: "MONTHLY",
    limitAmount: String(dollars),
    limitUnit: "USD",
    costFilters: [{ name: "TagKeyValue", values: [`user:sst:stage$${$app.stage}`] }],
    notifications: [tellWhen("ACTUAL", 80), tellWhen("ACTUAL", 100), tellWhen("FORECASTED", 100)],
  });
}
