// Which request of DynamoDB is this, in a few words? By the event it writes, or by the keys it asks for.

interface Attribute {
  S?: string;
}
type Item = Record<string, Attribute | undefined>;

interface Request {
  TransactItems?: { Put?: { Item: Item } }[];
  Key?: Item;
  Item?: Item;
  IndexName?: string;
  ExpressionAttributeValues?: Item;
  RequestItems?: Record<string, { Keys?: Item[] }>;
}

export function describeRequest(operation: string, input: Request): string {
  switch (operation) {
    case "TransactWriteItems":
      return describeTransaction(input);
    case "Query":
      return input.IndexName ? `index ${input.IndexName}` : describeKey({ pk: partitionOf(input) });
    case "BatchGetItem":
      return describeKey(Object.values(input.RequestItems ?? {})[0]?.Keys?.[0]);
    default:
      return describeKey(input.Key ?? input.Item);
  }
}

/** Every transaction writes one event of a task, or one act. */
function describeTransaction({ TransactItems = [] }: Request): string {
  const event = TransactItems.map(({ Put }) => Put?.Item).find((item) => /^(event|act)#/.test(item?.sk?.S ?? ""));
  return event?.type?.S ?? "something";
}

const partitionOf = ({ ExpressionAttributeValues = {} }: Request) => Object.values(ExpressionAttributeValues)[0];

/** `event#0000000003` of a task is an event; where the sort key is a name, the partition says what it is. */
function describeKey(key: Item | undefined): string {
  const [pk = "", sk = ""] = [key?.pk?.S, key?.sk?.S];
  if (/^(tsk|key|src|whk)_/.test(pk)) return sk ? sk.replace(/#.*/, "") : "of a task";
  return pk.replace(/#.*/, "");
}
