import type { Api, Operation } from './catalogue.ts';

/** The API whose backends, and limits of backends, requests to an operation have: of a product the operation's own. */
export function reached({ api, operation }: { readonly api: Api; readonly operation: Operation }): Api {
  return operation.of ?? api;
}

/**
 * What stands for an API in the counters of its subscribers (wso2.md 1.2). All versions of a product are one there. No product
 * spells an API: contexts begin with a slash, and names of products don't.
 */
export function subscribedAs({ context, version, name, product }: Api): readonly [string, string] {
  return product === undefined ? [context, version] : [name, product.provider];
}
