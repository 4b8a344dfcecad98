import type { Api, Operation } from '../policy/catalogue.ts';
import { corsOf } from './cors.ts';
import { hubDoors } from './hub-doors.ts';
import {
  findOperation,
  literalMeaning,
  methodsAt,
  operationTree,
  segmentEnd,
  segmentMeaning,
  segmentsOf,
  walkOf,
  type OperationTree,
  type Walk,
} from './operation-tree.ts';
import { causes, type Refusal } from './refusal.ts';
import type { Target } from './target.ts';

/** A request that found its operation. */
export interface Routed {
  readonly api: Api;
  readonly operation: Operation;
  readonly target: Target;
  /** The target's path below the API's base path: empty, or it starts with a slash. */
  readonly rest: string;
}

/** A question about a resource that the gateway answers itself. */
export interface MethodsAsked {
  readonly api: Api;
  readonly methods: string;
}

/** All APIs by the segments of their base paths. */
export interface RouteTable {
  readonly below: Map<string, RouteTable>;
  api?: { readonly api: Api; readonly operations: OperationTree };
}

const noApi: Refusal = { cause: causes.noApi };

/** Nobody knows when an operator will unblock an API; once a minute is often enough to ask. */
const blockedRetryMs = 60_000;

/** Compiles the APIs' base paths; of two APIs with one base path the last one wins, which a Config rules out. */
export function routeTable(apis: readonly Api[]): RouteTable {
  const root: RouteTable = { below: new Map() };
  for (const api of apis) {
    const operations = operationTree(doorsOf(api));
    for (const basePath of api.basePaths) {
      let table = root;
      for (const segment of segmentsOf(basePath)) {
        let next = table.below.get(literalMeaning(segment));
        if (next === undefined) {
          next = { below: new Map() };
          table.below.set(literalMeaning(segment), next);
        }
        table = next;
      }
      table.api = { api, operations };
    }
  }
  return root;
}

/**
 * Where requests come in: at the operations' paths, unless operations stand inside of requests. Those of GraphQL come in at the base path,
 * and without a key where any of them is open.
 */
function doorsOf({ operations, graphql, webSub }: Api): readonly Operation[] {
  if (webSub !== undefined) return hubDoors();
  if (graphql === undefined) return operations;
  const open = operations.some((operation) => operation.open);
  return ['GET', 'POST'].map((verb) => ({ target: '/', verb, open }));
}

/** Finds the API by the longest base path, then the operation. */
export function route(
  table: RouteTable,
  request: { readonly method: string; readonly target: Target; readonly preflight?: boolean },
): Routed | MethodsAsked | Refusal {
  const { method, target, preflight = false } = request;
  const walk = walkOf(target.path);
  const found = findApi(table, walk);
  if (found === undefined) return noApi;
  const { api, operations, slashAt } = found;
  if (api.blocked) return { cause: causes.blockedApi, retryAfterMs: blockedRetryMs, api };
  const operation = findOperation(operations, { walk, method }, slashAt);
  // A preflight names no caller: an operation that stands for every method isn't asked, unless the backend answers itself.
  const isAnswered = preflight && corsOf(api, operation) !== undefined;
  if (operation !== undefined && !isAnswered)
    return { api, operation, target, rest: target.path.slice(slashAt) };
  const others = methodsAt(operations, walk, slashAt).flatMap((verb) =>
    verb === '*' ? (api.cors?.methods ?? []) : [verb],
  );
  if (others.length === 0) return { cause: causes.noResource, api };
  const methods = allowed(others);
  return method === 'OPTIONS' ? { api, methods } : { cause: causes.wrongMethod, allow: methods, api };
}

/** The API with the longest base path, and where its base path ends. */
function findApi(table: RouteTable, walk: Walk) {
  let { api: deepest } = table;
  let deepestAt = 0;
  let at: RouteTable | undefined = table;
  for (let slashAt = 0; slashAt < walk.end;) {
    const next = segmentEnd(walk, slashAt);
    at = at.below.get(segmentMeaning(walk, slashAt, next));
    if (at === undefined) break;
    slashAt = next;
    if (at.api === undefined) continue;
    deepest = at.api;
    deepestAt = slashAt;
  }
  return deepest && { api: deepest.api, operations: deepest.operations, slashAt: deepestAt };
}

/** The value of an Allow field: OPTIONS is always answered, HEAD wherever GET is. */
function allowed(methods: readonly string[]): string {
  const all = new Set([...methods, 'OPTIONS']);
  if (all.has('GET')) all.add('HEAD');
  return [...all].sort().join(', ');
}
