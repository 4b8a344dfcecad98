import type { Claim, Grant } from './claim.ts';
import {
  at,
  begun,
  ceiling,
  charged,
  counted,
  isOpen,
  lengthMs,
  mattersUntilMs,
  windowAt,
  type Ledger,
} from './ledger.ts';

/**
 * Settles one claim on the store's clock. This function is the specification; `settle.lua` and every other store must
 * give the same answer and leave the same ledger (leases.md, section 3; its numbered steps are marked).
 * A window comes into being with its first unit: a claim that takes and holds nothing leaves no trace.
 */
export function settle(settling: {
  readonly ledger: Ledger | undefined;
  readonly claim: Claim;
  readonly nowMs: number;
  readonly gateways: number;
}): { readonly ledger: Ledger | undefined; readonly grant: Grant } {
  const { claim, nowMs, gateways } = settling;
  const { limit, gateway } = claim;
  const isKnown = settling.ledger !== undefined && nowMs < mattersUntilMs(limit, settling.ledger);
  const known = isKnown ? settling.ledger : undefined;
  const { ledger, isNew } = currentLedger(known, claim, nowMs); // 1
  const told = { window: ledger.window, endsInMs: ledger.window + lengthMs(limit) - nowMs, gateways };
  const account = ledger.accounts.get(gateway);
  const seen = account?.seq ?? ledger.seqsBefore.get(gateway);
  if (seen !== undefined && claim.seq <= seen) {
    const used = counted(limit, ledger, nowMs);
    return { ledger: settling.ledger, grant: { outcome: 'stale', granted: 0, used, ...told } }; // 2
  }
  const believed = account?.held ?? 0;
  const held = claim.window === ledger.window ? claim.held : believed; // 3
  const corrected = charged(limit, ledger, held - believed);
  const left = Math.max(0, ceiling(limit) - counted(limit, corrected, nowMs));
  const offered = Math.min(claim.want, left);
  const granted = offered < claim.atLeast ? 0 : offered; // 4
  const settled = charged(limit, corrected, granted);
  const grant: Grant = { outcome: 'granted', granted, used: counted(limit, settled, nowMs), ...told };
  if (isNew && held + granted === 0) return { ledger: settling.ledger, grant };
  const accounts = new Map(ledger.accounts).set(gateway, { held: held + granted, seq: claim.seq }); // 5
  return { ledger: { ...settled, accounts }, grant };
}

/**
 * The ledger whose window runs now. Else a new one: in the claim's window when that runs, because then the store has lost it.
 * A claim can't replace a window that runs, nor begin one inside the last: what it names then is one that a gateway imagined
 * while it was alone.
 */
function currentLedger(
  known: Ledger | undefined,
  { limit, window }: Claim,
  nowMs: number,
): { readonly ledger: Ledger; readonly isNew: boolean } {
  if (known !== undefined && isOpen(limit, known.window, nowMs)) {
    return { ledger: at(limit, known, nowMs), isNew: false };
  }
  const lastEndsMs = known === undefined ? -Infinity : known.window + lengthMs(limit);
  const isLost = window !== undefined && isOpen(limit, window, nowMs) && window >= lastEndsMs;
  const starts = isLost ? window : windowAt(limit, nowMs);
  return { ledger: at(limit, begun(limit, known, starts), nowMs), isNew: true };
}
