import type { Api, KeyType } from './catalogue.ts';
import type { IpNumber } from './ip-number.ts';
import { IpRanges, outside, type IpRange } from './ip-ranges.ts';
import type { RequestFacts } from './request-facts.ts';
import { contextOf, tenantOf, userAt } from './tenant.ts';

/** Whom requests are refused of, whatever the limits say (wso2.md 1.7). */
export type DenyPolicy =
  /** With its version: `/orders/1.0.0`. */
  | { readonly kind: 'api'; readonly context: string }
  | { readonly kind: 'application'; readonly owner: string; readonly name: string }
  /** With its tenant: `alice@carbon.super`. */
  | { readonly kind: 'user'; readonly user: string }
  /** At all APIs of one tenant. `inverted`: all addresses but these. */
  | { readonly kind: 'address'; readonly tenant: string; readonly range: IpRange; readonly inverted: boolean }
  | ({ readonly kind: 'subscription' } & DeniedSubscription);

/** The API's context has its version. */
interface DeniedSubscription {
  readonly context: string;
  readonly version: string;
  readonly owner: string;
  readonly application: string;
  readonly keyType: KeyType;
}

/** What deny policies say of all requests to one API. */
export interface DeniedAtApi {
  readonly everybody: boolean;
  /** Those that the API's tenant refuses. */
  readonly addresses: { has(address: IpNumber): boolean } | undefined;
}

/** All deny policies, so that each request asks a few sets. */
export class DenyRules {
  readonly #apis = new Set<string>();
  readonly #users = new Set<string>();
  /** Of applications and subscriptions; parts are joined so that no name spells two of them. */
  readonly #applications = new Set<string>();
  readonly #addresses: ReadonlyMap<string, IpRanges>;
  /** By the APIs that were asked for, of which a configuration has few. */
  readonly #known = new Map<Api, DeniedAtApi>();
  /** Whether any of them depends on who sends a request. */
  readonly #looksAtConsumers: boolean;

  constructor(policies: readonly DenyPolicy[]) {
    const byTenant = new Map<string, IpRange[]>();
    for (const policy of policies) {
      if (policy.kind === 'address') {
        const ranges = byTenant.get(policy.tenant) ?? [];
        ranges.push(...(policy.inverted ? outside(policy.range) : [policy.range]));
        byTenant.set(policy.tenant, ranges);
      } else if (policy.kind === 'api') this.#apis.add(policy.context);
      else if (policy.kind === 'user') this.#users.add(policy.user);
      else
        this.#applications.add(
          policy.kind === 'application' ? join(policy.owner, policy.name) : whole(policy),
        );
    }
    this.#addresses = new Map([...byTenant].map(([tenant, ranges]) => [tenant, new IpRanges(ranges)]));
    this.#looksAtConsumers = this.#users.size + this.#applications.size > 0;
  }

  /** What is denied at an API, whoever asks; undefined when nothing is. */
  at(api: Api): DeniedAtApi | undefined {
    if (this.#apis.size + this.#addresses.size === 0) return undefined;
    const known = this.#known.get(api);
    if (known !== undefined) return known;
    const found = {
      everybody: this.#apis.has(contextOf(api)),
      addresses: this.#addresses.get(tenantOf(api)),
    };
    this.#known.set(api, found);
    return found;
  }

  deniesConsumer({ api, consumer, keyType }: RequestFacts): boolean {
    if (!this.#looksAtConsumers || consumer.kind !== 'application') return false;
    const { application, user } = consumer;
    const { owner, name } = application;
    const { version } = api;
    return (
      this.#users.has(userAt(user, tenantOf(api))) ||
      this.#applications.has(join(owner, name)) ||
      this.#applications.has(whole({ context: contextOf(api), version, owner, application: name, keyType }))
    );
  }
}

function whole({ context, version, owner, application, keyType }: DeniedSubscription): string {
  return join(context, version, owner, application, keyType);
}

function join(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}
