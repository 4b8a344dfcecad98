import type { Api } from './catalogue.ts';

/** Whom everything belongs to that names no tenant. */
export const superTenant = 'carbon.super';

/** The tenant an API belongs to: `/t/{tenant}/…`. */
export function tenantOf({ context }: Pick<Api, 'context'>): string {
  return /^\/t\/([^/]+)\//.exec(context)?.[1] ?? superTenant;
}

/** `alice@carbon.super`: a user's name, which may end with its tenant already. */
export function userAt(user: string, tenant: string): string {
  return user.endsWith(`@${tenant}`) ? user : `${user}@${tenant}`;
}

/** What WSO2 calls an API's context: with its version. */
export function contextOf({ context, version }: Pick<Api, 'context' | 'version'>): string {
  return context.includes('{version}') ? context.replace('{version}', version) : `${context}/${version}`;
}
