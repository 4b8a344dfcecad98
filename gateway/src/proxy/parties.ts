import type { Api, Backend, Operation } from '../policy/catalogue.ts';
import type { Level } from '../policy/levels.ts';
import { plan, type Charge } from '../policy/plan.ts';
import type { Claims, RequestFacts } from '../policy/request-facts.ts';
import { rateLimitPolicy } from './rate-limit-fields.ts';

/** One consumer at one operation: all that its requests have in common. */
export interface Party {
  readonly facts: RequestFacts;
  readonly backend: Backend;
  /** What each of its requests must pay. */
  readonly charges: readonly Charge[];
  readonly levels: readonly Level[];
  /** What RateLimit-Policy says of the charges. */
  readonly policy: string;
  /** What conditions see of the token; absent without one. */
  readonly claims: Claims | undefined;
}

/** Parties kept at most. Where more are active at once, all are worked out anew now and then. */
const partiesMax = 10_000;

/** The parties that a configuration has met, each worked out once; consumers are told apart by `Who`. */
export class Parties<Who> {
  readonly #byOperation = new Map<Operation, Map<Who, Party>>();
  #kept = 0;

  find(api: Api, operation: Operation, who: Who): Party | undefined {
    const party = this.#byOperation.get(operation)?.get(who);
    return party?.facts.api === api ? party : undefined;
  }

  /** Plans what the consumer's requests will be charged. */
  meet(who: Who, facts: RequestFacts, backend: Backend, claims?: Claims): Party {
    if (this.#kept >= partiesMax) {
      this.#byOperation.clear();
      this.#kept = 0;
    }
    const charges = plan(facts);
    const levels = [...new Set(charges.map(({ level }) => level))];
    const party = { facts, backend, charges, levels, policy: rateLimitPolicy(charges), claims };
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
