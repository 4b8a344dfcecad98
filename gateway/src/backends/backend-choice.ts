/** Which target a request goes to: each in turn, or the first that isn't left out. */
export type ChoiceRule = 'round-robin' | 'failover';

/** One request's way to one target. */
export interface Attempt {
  /** The target's place in the operator's order. */
  readonly target: number;
  /** Whether it tells if a target that was left out is back. */
  readonly trial: boolean;
}

/** So many failures in a row, and a target is left out. */
const failuresMax = 3;
const restMsMin = 1000;
const restMsMax = 60_000;

interface TargetHealth {
  /** In a row, while it isn't left out. */
  failures: number;
  rest: Rest | undefined;
}

interface Rest {
  ms: number;
  untilMs: number;
  /** One request at a time finds out whether the target is back. */
  trying: boolean;
}

/**
 * Chooses among the targets of a backend by what became of earlier requests. After three failures in a row a target is left
 * out for a second; then one request tries it, and each that fails doubles the time, up to a minute. When all are left out
 * the one whose time ends first gets the requests: a refusal would help nobody. Pure but for what it remembers; times are
 * those of the monotonic clock.
 */
export class BackendChoice {
  readonly #rule: ChoiceRule;
  readonly #targets: readonly TargetHealth[];
  /** Whose turn it is. */
  #turn = 0;

  constructor(targets: number, rule: ChoiceRule) {
    this.#rule = rule;
    this.#targets = Array.from({ length: targets }, () => ({ failures: 0, rest: undefined }));
  }

  /** The next target for a request that has tried some in vain; nothing when no other may take it. */
  pick(nowMs: number, tried: ReadonlySet<number>): Attempt | undefined {
    const count = this.#targets.length;
    const from = this.#rule === 'round-robin' ? this.#turn : 0;
    for (let step = 0; step < count; step += 1) {
      const target = (from + step) % count;
      const health = this.#targets[target];
      if (health === undefined || tried.has(target) || !isOpen(health, nowMs)) continue;
      this.#turn = (target + 1) % count;
      if (health.rest !== undefined) health.rest.trying = true;
      return { target, trial: health.rest !== undefined };
    }
    return tried.size === 0 ? { target: this.#soonest(), trial: false } : undefined;
  }

  /** The target has answered, and not that it can't. */
  succeeded({ target }: Attempt): void {
    const health = this.#targets[target];
    if (health === undefined) return;
    health.failures = 0;
    health.rest = undefined;
  }

  failed({ target, trial }: Attempt, nowMs: number): void {
    const health = this.#targets[target];
    if (health === undefined) return;
    const { rest } = health;
    if (rest === undefined) {
      health.failures += 1;
      if (health.failures < failuresMax) return;
      health.failures = 0;
      health.rest = { ms: restMsMin, untilMs: nowMs + restMsMin, trying: false };
    } else if (trial) {
      // Requests that were on their way when it was left out say nothing new.
      const ms = Math.min(2 * rest.ms, restMsMax);
      health.rest = { ms, untilMs: nowMs + ms, trying: false };
    }
  }

  /** Nobody will know how it went: another request may try. */
  undecided({ target, trial }: Attempt): void {
    const rest = this.#targets[target]?.rest;
    if (trial && rest !== undefined) rest.trying = false;
  }

  #soonest(): number {
    const ends = this.#targets.map(({ rest }) => rest?.untilMs ?? 0);
    return ends.indexOf(Math.min(...ends));
  }
}

function isOpen({ rest }: TargetHealth, nowMs: number): boolean {
  return rest === undefined || (!rest.trying && nowMs >= rest.untilMs);
}
