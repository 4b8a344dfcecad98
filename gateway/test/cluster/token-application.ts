/** An application with consumer keys `<name>-prod` and `<name>-sandbox`, and one subscription. */
export function tokenApplication(
  name: string,
  plan: string,
  {
    tier = 'Unlimited',
    status = 'UNBLOCKED',
    api = 'Orders',
  }: Partial<Record<'tier' | 'status' | 'api', string>> = {},
): string {
  return `
type: application
version: v4.7.0
data:
  applicationInfo:
    name: ${name}
    owner: tester
    throttlingPolicy: ${tier}
    keys:
      - {keyType: PRODUCTION, consumerKey: ${name}-prod, keyManager: Resident Key Manager}
      - {keyType: SANDBOX, consumerKey: ${name}-sandbox, keyManager: Resident Key Manager}
  subscribedAPIs:
    - {apiId: {apiName: ${api}, version: 1.0.0}, throttlingPolicy: ${plan}, status: ${status}}
`;
}
