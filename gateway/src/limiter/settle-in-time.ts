import type { Claim, Grant } from '../limits/claim.ts';
import type { Clock } from '../limits/clock.ts';
import { StoreError, type CounterStore } from '../limits/counter-store.ts';

/**
 * Settles claims, or gives up: resolves to the grants, or to the reason why there are none. An answer after `deadlineMs`
 * is dropped. Whatever isn't a StoreError is a bug and rejects.
 */
export function settleInTime(
  asked: { readonly store: CounterStore; readonly claims: readonly Claim[] },
  within: { readonly clock: Clock; readonly deadlineMs: number },
): Promise<readonly Grant[] | StoreError> {
  return new Promise((resolve, reject) => {
    // A turn later, because the answer may already lie in the socket while this gateway was busy.
    const cancelDeadline = within.clock.after(within.deadlineMs, () => {
      within.clock.atEndOfTurn(() => {
        resolve(new StoreError(`no answer within ${within.deadlineMs} ms`));
      });
    });
    asked.store
      .settle(asked.claims)
      .then(resolve, (error: unknown) => {
        if (error instanceof StoreError) resolve(error);
        else reject(error instanceof Error ? error : new Error('a store failed', { cause: error }));
      })
      .finally(cancelDeadline);
  });
}
