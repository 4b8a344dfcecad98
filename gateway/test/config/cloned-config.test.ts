import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { machineEnvironment } from '../../src/cli/machine.ts';
import { readHome } from '../../src/cli/read-home.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { apiProduct } from '../support/test-home.ts';
import { environment, goodFiles, homeOf } from './homes.ts';

const path = fileURLToPath(new URL('../../../examples/orders-cluster', import.meta.url));

test('a configuration crosses to other threads whole, and what is one object in it stays one', async () => {
  const read = await readHome(path);
  if ('diagnostics' in read) throw new Error('the example is not readable');
  const { config } = readConfig(read.home, machineEnvironment(path));
  const clone = structuredClone(config)!;
  expect(clone).toEqual(config);
  const subscribed = clone.applications.flatMap(({ subscriptions }) => subscriptions.map(({ api }) => api));
  expect(subscribed.length).toBeGreaterThan(0);
  for (const api of subscribed) expect(clone.apis).toContain(api);
  expect(clone.apis).not.toContain(config!.apis[0]);
});

test('so does a product, with the APIs that it is made of', () => {
  const apis = { Orders: '[{target: /items, verb: GET}]' };
  const files = { ...goodFiles, 'apis/Desk.yaml': apiProduct({ name: 'Desk', apis, policies: ['Gold'] }) };
  const clone = structuredClone(readConfig(homeOf(files), environment).config)!;
  expect(clone.apis.map(({ name }) => name)).toEqual(['Orders', 'Desk']);
  expect(clone.apis[1]?.operations[0]?.of).toBe(clone.apis[0]);
});
