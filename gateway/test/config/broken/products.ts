import { goodFiles } from '../homes.ts';
import type { BrokenHome } from './broken-home.ts';

const path = 'apis/Desk/api_product.yaml';

const good = `type: api_product
version: v4.7.0
data:
  name: Desk
  context: /desk
  version: 1.0.0
  provider: admin
  state: PUBLISHED
  policies: [Gold]
  apis:
    - name: Orders
      operations:
        - {target: /items, verb: GET}
`;

function product(
  piece: string,
  by: string,
  others: Readonly<Record<string, string>> = {},
): Pick<BrokenHome, 'files'> {
  if (!good.includes(piece)) throw new Error(`the product has no ${piece}`);
  return { files: { ...goodFiles, [path]: good.replace(piece, () => by), ...others } };
}

const orders = goodFiles['apis/Orders/api.yaml'] ?? '';
const stock = orders.replace('name: Orders', 'name: Stock').replace('/orders', '/stock');
const second = orders.replace('version: 1.0.0', 'version: 2.0.0');

export const brokenProducts: readonly BrokenHome[] = [
  {
    name: 'a product without APIs',
    ...product(
      'apis:\n    - name: Orders\n      operations:\n        - {target: /items, verb: GET}',
      'apis: []',
    ),
    at: `${path}:10:9 error[invalid-value]`,
    says: 'apis: found a list, expected a list of APIs, at least one.',
  },
  {
    name: 'a product without operations',
    ...product('operations:\n        - {target: /items, verb: GET}', 'operations: []'),
    at: `${path}:10:3 error[missing-value]`,
    says: 'No API in apis lists an operation; a product serves the operations that it lists.',
  },
  {
    name: 'a product of an API that is not there',
    ...product('name: Orders', 'name: Order'),
    at: `${path}:11:13 error[unknown-api]`,
    says: 'There is no API named "Order".',
  },
  {
    name: 'a product of a version that is not there',
    ...product('name: Orders', 'name: Orders\n      version: 2.0.0'),
    at: `${path}:11:13 error[unknown-api]`,
    says: 'There is no version "2.0.0" of the API "Orders".',
  },
  {
    name: 'a product that does not say which version',
    ...product('name: Orders', 'name: Orders', { 'apis/Orders2.yaml': second }),
    at: `${path}:11:13 error[conflict]`,
    says: 'There are several APIs of this name: 1.0.0 in apis/Orders/api.yaml, 2.0.0 in apis/Orders2.yaml.',
  },
  {
    name: 'a product of an API without a name',
    ...product('name: Orders\n      operations', 'operations'),
    at: `${path}:11:7 error[missing-value]`,
    says: 'name is missing; expected the name of an API.',
  },
  {
    name: 'a product of an API whose name is a list',
    ...product('name: Orders', 'name: [Orders]'),
    at: `${path}:11:13 error[invalid-value]`,
    says: 'name: found a list, expected the name of an API.',
  },
  {
    name: 'a product of a number',
    ...product('- name: Orders\n      operations:\n        - {target: /items, verb: GET}', '- 5'),
    at: `${path}:11:7 error[invalid-value]`,
    says: 'apis[0]: found 5, expected a mapping.',
    errors: 2,
  },
  {
    name: 'a product of an id that no API has',
    ...product('name: Orders', 'apiId: abc'),
    at: `${path}:11:14 error[unknown-api]`,
    says: 'There is no API named "abc".',
  },
  {
    name: 'a product with an operation that its API has not',
    ...product('target: /items', 'target: /item'),
    at: `${path}:13:20 error[unknown-operation]`,
    says: 'GET "/item" is no operation of the API "Orders" 1.0.0, at apis/Orders/api.yaml:15.',
  },
  {
    name: 'a product with a method that its API has not',
    ...product('verb: GET', 'verb: POST'),
    at: `${path}:13:20 error[unknown-operation]`,
    says: 'POST "/items" is no operation of the API "Orders" 1.0.0',
  },
  {
    name: 'a product with one operation of two APIs',
    ...product(
      'verb: GET}\n',
      'verb: GET}\n    - {name: Stock, operations: [{target: /items, verb: GET}]}\n',
      {
        'apis/Stock.yaml': stock,
      },
    ),
    at: `${path}:14:43 error[duplicate]`,
    says: 'GET /items is an operation already, at line 13.',
  },
  {
    name: 'a product of an API that streams',
    ...product('name: Orders', 'name: Stock', {
      'apis/Stock.yaml': stock.replace('context:', 'type: SSE\n  context:'),
    }),
    at: `${path}:11:13 error[not-supported]`,
    says: 'The API "Stock" is of type SSE; a product is made of APIs of type HTTP.',
  },
  {
    name: 'a product of a product',
    ...product('name: Orders', 'name: Desk'),
    at: `${path}:11:13 error[unknown-api]`,
    says: 'There is no API named "Desk".',
  },
  {
    name: 'a product without a provider',
    ...product('  provider: admin\n', ''),
    at: `${path}:3:1 error[missing-value]`,
    says: 'provider is missing; expected the user who made the product, 1 to 255 characters, for its counters',
  },
  {
    name: 'a product that is named like a path',
    ...product('name: Desk', 'name: /desk'),
    at: `${path}:4:9 error[invalid-value]`,
    says: 'expected the name of the product, 1 to 60 characters without a slash at the beginning',
  },
  {
    name: 'a product in a state that nobody knows',
    ...product('PUBLISHED', 'PUBLISHD'),
    at: `${path}:8:10 error[invalid-value]`,
    says: 'lifeCycleStatus: found a string "PUBLISHD"',
  },
  {
    name: 'a product with a tier that is not there',
    ...product('[Gold]', '[Golden]'),
    at: `${path}:9:14 error[unknown-tier]`,
    says: 'There is no subscription tier named "Golden".',
  },
  {
    name: 'a product of the name and version of an API',
    ...product('name: Desk', 'name: Orders'),
    at: `${path}:4:9 error[duplicate]`,
    says: 'There is another API "Orders" of this version, at apis/Orders/api.yaml:4.',
  },
  {
    name: 'a product at the path of an API',
    ...product('/desk', '/orders'),
    at: `${path}:5:12 error[conflict]`,
    says: 'Another API is served at /orders/1.0.0 too, at apis/Orders/api.yaml:5.',
  },
  {
    name: 'a product and an API in one project',
    ...product('name: Desk', 'name: Desk', { 'apis/Desk/api.yaml': stock }),
    at: `${path}:1:1 error[conflict]`,
    says: 'There is another file of this kind in apis/Desk; one of the two must go.',
  },
  {
    name: 'a product with another API than the one of this name',
    ...product('name: Desk', 'name: Desk', {
      'apis/Desk/APIs/Orders-1.0.0/api.yaml': orders.replace('9001', '9005'),
    }),
    at: 'apis/Desk/APIs/Orders-1.0.0/api.yaml:4:9 error[duplicate]',
    says: 'The home has this version of the API "Orders" already, at apis/Orders/api.yaml:4, and it is not the same.',
  },
  {
    name: 'a folder of a product without an API',
    ...product('name: Desk', 'name: Desk', { 'apis/Desk/APIs/Orders-1.0.0/': '' }),
    at: 'apis/Desk/APIs/Orders-1.0.0/:1:1 error[no-api]',
    says: 'This API project has no api.yaml',
  },
];
