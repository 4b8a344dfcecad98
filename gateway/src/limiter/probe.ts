import { counterKey } from '../limits/counter-key.ts';
import { Lease } from '../limits/lease.ts';
import type { Limit } from '../limits/limit.ts';
import { nobody, type Entry } from './entry.ts';
import type { Lanes, StorePart } from './lanes.ts';

const probeLimit: Limit = { kind: 'fixed-window', quota: 0, windowMs: 1000, starts: 'aligned' };
/** Names that are tried: enough for a part that has a hundredth of all counters. */
const namesMax = 1000;

/** A counter that has nothing: its claims only ask whether the store is there. */
export function probeOf<Waiter>(subject: readonly string[] = []): Entry<Waiter> {
  return {
    lease: new Lease(counterKey('probe', probeLimit, subject), probeLimit, probeLimit.windowMs),
    waiting: nobody,
  };
}

/** One in this part of the store; undefined when the part has few counters, or none any more. */
export function probeIn<Waiter>(part: StorePart, lanes: Lanes<Waiter>): Entry<Waiter> | undefined {
  for (let name = 0; name < namesMax; name += 1) {
    const tried = probeOf<Waiter>([String(name)]);
    if (lanes.partOf(tried) === part) return tried;
  }
  return undefined;
}
