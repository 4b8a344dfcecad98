import type { Api, Operation } from '../policy/catalogue.ts';
import {
  findOperation,
  literalMeaning,
  operationTree,
  segmentsOf,
  type OperationTree,
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
    const operations = operationTree(api.operations);
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

/** Finds the API by the longest base path, then the operation. */
export function route(
  table: RouteTable,
  request: { readonly method: string; readonly target: Target },
): Routed | MethodsAsked | Refusal {
  const { method, target } = request;
  const segments = segmentsOf(target.path);
  const found = findApi(table, segments);
  if (found === undefined) return noApi;
  const { api, operations, depth } = found;
  if (api.blocked) return { cause: causes.blockedApi, retryAfterMs: blockedRetryMs, api };
  const otherMethods = new Set<string>();
  const operation = findOperation(operations, {
    segments: segments.slice(depth),
    method,
    otherMethods: (methods) => {
      for (const other of methods) otherMethods.add(other);
    },
  });
  if (operation !== undefined) return { api, operation, target, rest: restOf(target.path, depth) };
  if (otherMethods.size === 0) return { cause: causes.noResource, api };
  const methods = allowed(otherMethods);
  return method === 'OPTIONS' ? { api, methods } : { cause: causes.wrongMethod, allow: methods, api };
}

function findApi(table: RouteTable, segments: readonly string[]) {
  let deepest = table.api && { ...table.api, depth: 0 };
  let at: RouteTable | undefined = table;
  for (let depth = 0; depth < segments.length; depth += 1) {
    at = at.below.get(literalMeaning(segments[depth] ?? ''));
    if (at === undefined) break;
    if (at.api !== undefined) deepest = { ...at.api, depth: depth + 1 };
  }
  return deepest;
}

/** What of a path stands below its first `depth` segments. */
function restOf(path: string, depth: number): string {
  let slash = 0;
  for (let level = 0; level < depth && slash !== -1; level += 1) slash = path.indexOf('/', slash + 1);
  return slash === -1 ? '' : path.slice(slash);
}

/** The value of an Allow field: OPTIONS is always answered, HEAD wherever GET is. */
function allowed(methods: ReadonlySet<string>): string {
  const all = new Set([...methods, 'OPTIONS']);
  if (all.has('GET')) all.add('HEAD');
  return [...all].sort().join(', ');
}
