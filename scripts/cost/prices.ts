// What does AWS charge? List prices of us-east-1, read in November 2026 from public pages that agree; no free tier.
// https://aws.amazon.com/dynamodb/pricing/on-demand/, …/sqs/pricing/, …/lambda/pricing/ and so on, one page a service.

/** Dollars for one. */
export const prices = {
  writeUnit: 0.625e-6,
  readUnit: 0.125e-6,
  sqsRequest: 0.4e-6,
  lambdaRequest: 0.2e-6,
  /** arm64. */
  lambdaGbSecond: 0.0000133334,
  s3Put: 5e-6,
  s3Get: 0.4e-6,
  /** SSM's own requests are free below 40 a second; each SecureString is decrypted by KMS. */
  kmsRequest: 3e-6,
  schedulerInvocation: 1e-6,
  cloudFrontRequest: 1e-6,
  cloudFrontFunction: 0.1e-6,
  logsGb: 0.5,
  /** Between a public address and a service of the same region. */
  transferGb: 0.01,
} as const;

/** Dollars a month for one that is there. */
export const monthly = {
  alarm: 0.1,
  dashboard: 3,
  /** Of one's own, for the hours in which it is told. */
  metric: 0.3,
  tableGb: 0.25,
  tableBackupGb: 0.2,
  bucketGb: 0.023,
  /** In ECR. */
  imageGb: 0.1,
  /** gp3. */
  diskGb: 0.08,
  firewallName: 0.0005,
} as const;

/** Dollars an hour: for a CPU, a GB of memory, and a GB of disk beyond what is included. */
export const fargate = {
  X86_64: { cpu: 0.04048, gb: 0.004445, diskGb: 0.000111 },
  ARM64: { cpu: 0.03238, gb: 0.00356, diskGb: 0.000111 },
} as const;

/** Dollars an hour. */
export const hourly = {
  publicAddress: 0.005,
  t4gNano: 0.0042,
  t4gMicro: 0.0084,
  natGateway: 0.045,
  interfaceEndpoint: 0.01,
} as const;

export const hoursPerMonth = 730;
export const minutesPerMonth = hoursPerMonth * 60;
