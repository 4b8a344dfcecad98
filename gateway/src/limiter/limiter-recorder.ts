import type { StoreError } from '../limits/counter-store.ts';
import type { ClaimOutcome } from '../limits/claim.ts';

/** The port through which claims and outages become metrics and log lines. Must not throw. */
export interface LimiterRecorder {
  /** One claim was answered. */
  settled(outcome: ClaimOutcome): void;
  /** Claims that left together and were answered by an error, or not in time. */
  lost(claims: number): void;
  /** From the sending of claims to their answer. */
  batchTook(durationMs: number): void;
  /** Decisions are made without the store from now on. */
  storeAway(reason: StoreError): void;
  storeBack(): void;
}
