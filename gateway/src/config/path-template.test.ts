import { expect, test } from 'vitest';
import { basePathsOf, contextProblem, outlineOf, targetProblem } from './path-template.ts';

test.each([
  '/orders',
  '/t/abc.com/orders',
  '/a-b_c~d/e.f',
  '/{version}/orders',
  '/orders/{version}',
  "/a!$&'()+,;=:@b",
])('the context %s is fine', (context) => {
  expect(contextProblem(context)).toBeUndefined();
});

test.each([
  '',
  'orders',
  '/',
  '/orders/',
  '//orders',
  '/./a',
  '/a/..',
  '/a b',
  '/é',
  '/a%20b',
  '/{x}',
  '/*',
  '/a?b',
  '/a#b',
  '/{version}/{version}',
  '/a\\b',
])('the context %s is refused', (context) => {
  expect(contextProblem(context)).toBeDefined();
});

test.each(['/', '/*', '/items', '/items/*', '/items/{id}', '/items/{id}/lines/{line-no}', '/a.b'])(
  'the target %s is fine',
  (target) => {
    expect(targetProblem(target)).toBeUndefined();
  },
);

test.each([
  '',
  '*',
  'items',
  '/items/',
  '/a//b',
  '/*/b',
  '/a*',
  '/{id}.json',
  '/{}',
  '/{a}{b}',
  '/a/../b',
  '/a%2fb',
  '/a b',
])('the target %s is refused', (target) => {
  expect(targetProblem(target)).toBeDefined();
});

test.each([
  [{ context: '/orders', version: '1.0.0', isDefaultVersion: false }, ['/orders/1.0.0']],
  [{ context: '/orders', version: '1.0.0', isDefaultVersion: true }, ['/orders/1.0.0', '/orders']],
  [{ context: '/{version}/orders', version: '2', isDefaultVersion: true }, ['/2/orders', '/orders']],
  [{ context: '/orders/{version}/x', version: '2', isDefaultVersion: false }, ['/orders/2/x']],
])('%j is served at %j', (api, paths) => {
  expect(basePathsOf(api)).toEqual(paths);
});

test('targets that match the same requests have the same outline', () => {
  expect(outlineOf('/a/{id}/{x}')).toBe(outlineOf('/a/{other}/{y}'));
  expect(outlineOf('/a/{id}')).not.toBe(outlineOf('/a/id'));
});
