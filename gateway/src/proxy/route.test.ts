import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { operationOf, sampleApi } from '../../test/proxy/sample.ts';
import type { Cors } from '../policy/catalogue.ts';
import { causes, isRefusal } from './refusal.ts';
import { route, routeTable } from './route.ts';

const orders = sampleApi({
  operations: [
    operationOf('/', 'GET'),
    operationOf('/items', 'GET'),
    operationOf('/items', 'POST'),
    operationOf('/items/{id}', 'GET'),
    operationOf('/items/{id}', 'HEAD'),
    operationOf('/items/top', 'GET'),
    operationOf('/items/{id}/parts', 'DELETE'),
    operationOf('/{kind}/archive/*', 'GET'),
    operationOf('/items/*', 'PUT'),
    operationOf('/any', '*'),
    operationOf('/asked', 'OPTIONS'),
    operationOf('/it!em', 'GET'),
  ],
});
const v2 = sampleApi({ version: '2.0.0', basePaths: ['/orders/2.0.0', '/orders'] });
const deep = sampleApi({
  name: 'Deep',
  basePaths: ['/orders/1.0.0/deep'],
  operations: [operationOf('/*', 'GET')],
});
const root = sampleApi({ name: 'Root', basePaths: [''], operations: [operationOf('/hello', 'GET')] });
const blocked = sampleApi({ name: 'Blocked', basePaths: ['/blocked/1'], blocked: true });
const table = routeTable([orders, v2, deep, root, blocked]);

function go(method: string, path: string, tableOf = table, preflight = false) {
  const routed = route(tableOf, { method, target: { path, query: '', authority: 'a' }, preflight });
  if (isRefusal(routed)) return [routed.cause, routed.allow];
  if ('methods' in routed) return routed.methods;
  return `${routed.api.name} ${routed.api.version} ${routed.operation.verb} ${routed.operation.target} <${routed.rest}>`;
}

describe('routing', () => {
  test.each([
    ['GET', '/orders/1.0.0/items', 'Orders 1.0.0 GET /items </items>'],
    ['GET', '/orders/1.0.0/items/', 'Orders 1.0.0 GET /items </items/>'],
    ['GET', '/orders/1.0.0', 'Orders 1.0.0 GET / <>'],
    ['GET', '/orders/1.0.0/', 'Orders 1.0.0 GET / </>'],
    ['GET', '/orders/items', 'Orders 2.0.0 GET /items </items>'],
    ['GET', '/orders/2.0.0/items', 'Orders 2.0.0 GET /items </items>'],
    ['GET', '/orders/1.0.0/deep/x/y', 'Deep 1.0.0 GET /* </x/y>'],
    ['GET', '/orders/1.0.0/deep', 'Deep 1.0.0 GET /* <>'],
    ['GET', '/hello', 'Root 1.0.0 GET /hello </hello>'],
  ])('%s %s finds the API of the longest base path of whole segments', (method, path, found) => {
    expect(go(method, path)).toBe(found);
  });

  test("a preflight is the gateway's to answer at an API with CORS, unless the API lists OPTIONS", () => {
    const cors: Cors = {
      origins: 'every',
      credentials: false,
      methods: ['GET', 'PUT'],
      headers: [],
      exposed: [],
    };
    const open = routeTable([{ ...orders, cors }]);
    expect(go('OPTIONS', '/orders/1.0.0/any', open, true)).toBe('GET, HEAD, OPTIONS, PUT');
    expect(go('OPTIONS', '/orders/1.0.0/asked', open, true)).toContain('OPTIONS /asked');
    expect(go('OPTIONS', '/orders/1.0.0/any', open)).toContain('* /any');
    expect(go('OPTIONS', '/orders/1.0.0/any', table, true)).toContain('* /any');
  });

  test('a base path ends with a whole segment', () => {
    const alone = routeTable([orders]);
    expect(go('GET', '/orders/1.0.0x/items', alone)).toEqual([causes.noApi, undefined]);
    expect(go('GET', '/orders/1.0', alone)).toEqual([causes.noApi, undefined]);
    expect(go('GET', '/Orders/1.0.0/items', alone)).toEqual([causes.noApi, undefined]);
  });

  test.each([
    ['GET', '/items/7', 'GET /items/{id}'],
    ['GET', '/items/top', 'GET /items/top'],
    ['GET', '/items/archive/2026', 'GET /{kind}/archive/*'],
    ['GET', '/parts/archive', 'GET /{kind}/archive/*'],
    ['PUT', '/items/7', 'PUT /items/*'],
    ['PUT', '/items', 'PUT /items/*'],
    ['PUT', '/items/7/parts/8', 'PUT /items/*'],
    ['DELETE', '/items/top/parts', 'DELETE /items/{id}/parts'],
    ['GET', '/it!em', 'GET /it!em'],
    ['GET', '/it%21em', 'GET /it!em'],
    ['PURGE', '/any', '* /any'],
    ['OPTIONS', '/any', '* /any'],
    ['OPTIONS', '/asked', 'OPTIONS /asked'],
  ])('%s %s finds the most exact operation that has the method', (method, path, found) => {
    expect(go(method, `/orders/1.0.0${path}`)).toBe(`Orders 1.0.0 ${found} <${path}>`);
  });

  test("HEAD uses GET's operation unless it has its own", () => {
    expect(go('HEAD', '/orders/1.0.0/items')).toContain('GET /items');
    expect(go('HEAD', '/orders/1.0.0/items/7')).toContain('HEAD /items/{id}');
  });

  test('an OPTIONS that no operation has is answered with the methods of the resource', () => {
    expect(go('OPTIONS', '/orders/1.0.0/items')).toBe('GET, HEAD, OPTIONS, POST, PUT');
    expect(go('OPTIONS', '/orders/1.0.0/nothing')).toEqual([causes.noResource, undefined]);
  });

  test('other methods of a known resource are refused with those it has', () => {
    expect(go('DELETE', '/orders/1.0.0/items')).toEqual([
      causes.wrongMethod,
      'GET, HEAD, OPTIONS, POST, PUT',
    ]);
    expect(go('get', '/orders/1.0.0/')).toEqual([causes.wrongMethod, 'GET, HEAD, OPTIONS']);
  });

  test('an unknown resource of a known API and an unknown API are told apart', () => {
    expect(go('GET', '/orders/1.0.0/nothing')).toEqual([causes.noResource, undefined]);
    expect(go('GET', '/orders/1.0.0/items/7/8')).toEqual([causes.wrongMethod, 'OPTIONS, PUT']);
    expect(go('GET', '/elsewhere', routeTable([orders]))).toEqual([causes.noApi, undefined]);
  });

  test('a blocked API answers nothing else', () => {
    expect(go('GET', '/blocked/1/items')).toEqual([causes.blockedApi, undefined]);
    expect(go('OPTIONS', '/blocked/1/items')).toEqual([causes.blockedApi, undefined]);
  });

  test('finds what a plain comparison with every template finds', () => {
    const segment = fc.constantFrom('a', 'b', '{x}');
    const templates = fc.uniqueArray(
      fc.tuple(
        fc.array(segment, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        fc.constantFrom('GET', 'POST'),
      ),
      { selector: ([path, open, verb]) => `${verb} ${path.join('/')} ${open}`, maxLength: 12 },
    );
    fc.assert(
      fc.property(templates, fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 }), (given, path) => {
        const operations = given.map(([parts, open, verb]) =>
          operationOf(`/${parts.join('/')}${open ? '/*' : ''}`, verb),
        );
        const routed = route(routeTable([sampleApi({ operations, basePaths: ['/t'] })]), {
          method: 'GET',
          target: { path: ['/t', ...path].join('/'), query: '', authority: 'a' },
        });
        const matching = operations
          .filter(({ target, verb }) => verb === 'GET' && rank(target, path) !== undefined)
          .sort((one, other) => (rank(one.target, path)! < rank(other.target, path)! ? -1 : 1));
        expect('operation' in routed ? routed.operation : undefined).toBe(matching[0]);
      }),
      { numRuns: 2000 },
    );
  });
});

/** How exact a template fits, smaller being better; undefined when it doesn't. */
function rank(template: string, path: readonly string[]): string | undefined {
  const parts = template.split('/').slice(1);
  const open = parts.at(-1) === '*';
  const fixed = open ? parts.slice(0, -1) : parts;
  if (open ? path.length < fixed.length : path.length !== fixed.length) return undefined;
  let found = '';
  for (const [at, part] of fixed.entries()) {
    if (part !== path[at] && !part.startsWith('{')) return undefined;
    found += part.startsWith('{') ? '1' : '0';
  }
  return open ? `${found}2` : found;
}
