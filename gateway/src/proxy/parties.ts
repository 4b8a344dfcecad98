import type { Api, Backend, Operation } from '../policy/catalogue.ts';
import type { Conditions } from '../policy/conditions.ts';
import { applyRules, type AppliedRule, type CustomRule } from '../policy/custom-rule.ts';
import type { DenyRules } from '../policy/deny.ts';
import type { IpNumber } from '../policy/ip-number.ts';
import type { Level } from '../policy/levels.ts';
import { plan, policyOf, type Charge } from '../policy/plan.ts';
import type { Claims, RequestDetails } from '../policy/request-details.ts';
import type { RequestFacts } from '../policy/request-facts.ts';
import type { AdvancedPolicy } from '../policy/tiers.ts';
import { RateLimitText } from './rate-limit-fields.ts';

/** What a request must pay. */
export interface Dues {
  readonly charges: readonly Charge[];
  readonly levels: readonly Level[];
  /** What the RateLimit fields say of the charges. */
  readonly rateLimit: RateLimitText;
}

/** What parties need to know of their configuration. */
export interface PartyTerms {
  /** The conditions of each policy that has some. */
  readonly conditions: ReadonlyMap<AdvancedPolicy, Conditions>;
  readonly rules: readonly CustomRule[];
  readonly deny: Pick<DenyRules, 'deniesConsumer'>;
}

type Met = Pick<Party, 'facts' | 'backend' | 'claims'>;

/** One consumer at one operation: all that its requests have in common. */
export class Party {
  readonly facts: RequestFacts;
  /** Absent at a hub. */
  readonly backend: Backend | undefined;
  /** What conditions see of the token; absent without one. */
  readonly claims: Claims | undefined;
  /** Whether the operator denies the consumer. */
  readonly denied: boolean;
  /** Whether what a request must pay depends on its details. */
  readonly looks: boolean;
  readonly #conditions: Conditions | undefined;
  readonly #rules: readonly AppliedRule[];
  readonly #rulesLookAtAddress: boolean;
  /** What a request of each conditional group must pay, once one was met; by its address, where rules look at that. */
  readonly #dues = new Map<IpNumber | undefined, Dues[]>();

  constructor({ facts, backend, claims }: Met, terms: PartyTerms) {
    this.facts = facts;
    this.backend = backend;
    this.claims = claims;
    this.denied = terms.deny.deniesConsumer(facts);
    const policy = policyOf(facts);
    this.#conditions = policy && terms.conditions.get(policy);
    this.#rules = applyRules(terms.rules, facts);
    this.#rulesLookAtAddress = this.#rules.some(({ looksAtAddress }) => looksAtAddress);
    this.looks = this.#conditions !== undefined || this.#rulesLookAtAddress;
  }

  /** What a request with these details must pay. */
  dues(details: RequestDetails): Dues {
    const group = this.#conditions === undefined ? 0 : this.#conditions.match(details);
    const address = this.#rulesLookAtAddress ? details.address : undefined;
    const known = this.#dues.get(address) ?? this.#meetAddress(address);
    return (known[group] ??= this.#plan(group, address));
  }

  #plan(group: number, address: IpNumber | undefined): Dues {
    const custom = this.#rules.map((rule) => rule.charge(address));
    return duesOf(plan(this.facts, group, custom));
  }

  #meetAddress(address: IpNumber | undefined): Dues[] {
    if (this.#dues.size >= addressesMax) this.#dues.clear();
    const dues: Dues[] = [];
    this.#dues.set(address, dues);
    return dues;
  }
}

/** Addresses of one party whose dues are kept. */
const addressesMax = 16;

export function duesOf(charges: readonly Charge[]): Dues {
  const levels = [...new Set(charges.map(({ level }) => level))];
  return { charges, levels, rateLimit: new RateLimitText(charges) };
}

/** Parties kept at most. Where more are active at once, all are worked out anew now and then. */
const partiesMax = 10_000;

/** The parties that a configuration has met, each worked out once; consumers are told apart by `Who`. */
export class Parties<Who> {
  readonly #terms: PartyTerms;
  readonly #byOperation = new Map<Operation, Map<Who, Party>>();
  #kept = 0;

  constructor(terms: PartyTerms) {
    this.#terms = terms;
  }

  find(api: Api, operation: Operation, who: Who): Party | undefined {
    const party = this.#byOperation.get(operation)?.get(who);
    return party?.facts.api === api ? party : undefined;
  }

  /** Keeps what the consumer's requests have in common. */
  meet(who: Who, facts: RequestFacts, backend: Backend | undefined, claims?: Claims): Party {
    if (this.#kept >= partiesMax) {
      this.#byOperation.clear();
      this.#kept = 0;
    }
    const party = new Party({ facts, backend, claims }, this.#terms);
    let met = this.#byOperation.get(facts.operation);
    if (met === undefined) {
      met = new Map();
      this.#byOperation.set(facts.operation, met);
    }
    met.set(who, party);
    this.#kept += 1;
    return party;
  }
}
