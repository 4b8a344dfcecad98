import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What the demo uses of the example home; a test compares it with the home's files. */
export const example = {
  /** The ports that its API projects name. */
  backendPorts: [9001, 9002, 9003, 9004],
  /** Traffic that only one limit holds back: PartnerGold's burst of 100 requests a second. */
  burst: { path: '/orders/1.0.0/items', apiKey: 'mobile-prod-key', perSecond: 100, backendPort: 9001 },
  /** An application that a few requests by hand exhaust: ten a minute. */
  trial: { path: '/orders/1.0.0/items', apiKey: 'trial-prod-key', perMinute: 10 },
  open: { path: '/orders/1.0.0/status' },
} as const;

/** The example home: beside the gateway in a clone, inside the package when published. */
export function exampleHome(): string {
  const inClone = new URL('../../../../examples/orders-cluster', import.meta.url);
  const published = new URL('../../../examples/orders-cluster', import.meta.url);
  return fileURLToPath(existsSync(inClone) ? inClone : published);
}
