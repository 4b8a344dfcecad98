import type { Claim, GatewayId, Grant, WindowId } from './claim.ts';
import { endsInMs, isOpen, windowAt } from './fixed-window.ts';

/** The store's record of one counter: what was handed out in one window, and to whom. */
export interface Ledger {
  readonly window: WindowId;
  /** The sum of all accounts' `held`. */
  readonly used: number;
  readonly accounts: ReadonlyMap<GatewayId, Account>;
}

/** What the ledger believes one gateway has taken in this window, and the newest claim it heard from it. */
export interface Account {
  readonly held: number;
  readonly seq: number;
}

/**
 * Settles one claim on the store's clock. This function is the specification; `settle.lua` and every other store must
 * give the same answer and leave the same ledger (leases.md, section 3; its numbered steps are marked).
 * A ledger comes into being with its first unit: a claim that takes and holds nothing leaves no trace.
 */
export function settle(settling: {
  readonly ledger: Ledger | undefined;
  readonly claim: Claim;
  readonly nowMs: number;
  readonly gateways: number;
}): { readonly ledger: Ledger | undefined; readonly grant: Grant } {
  const { claim, nowMs, gateways } = settling;
  const current = currentLedger(settling.ledger, claim, nowMs); // 1
  const ledger = current ?? emptyLedger(windowAt(claim.limit, nowMs));
  const answer = { window: ledger.window, endsInMs: endsInMs(claim.limit, ledger.window, nowMs), gateways };
  const account = ledger.accounts.get(claim.gateway);
  if (account !== undefined && claim.seq <= account.seq) {
    return { ledger: current, grant: { outcome: 'stale', granted: 0, used: ledger.used, ...answer } }; // 2
  }
  const believed = account?.held ?? 0;
  const held = claim.window === ledger.window ? claim.held : believed; // 3
  const usedBefore = ledger.used - believed + held;
  const left = Math.max(0, claim.limit.quota - usedBefore);
  const offered = Math.min(claim.want, left);
  const granted = offered < claim.atLeast ? 0 : offered; // 4
  const used = usedBefore + granted;
  const grant: Grant = { outcome: 'granted', granted, used, ...answer };
  if (current === undefined && held + granted === 0) return { ledger: undefined, grant };
  const accounts = new Map(ledger.accounts).set(claim.gateway, { held: held + granted, seq: claim.seq }); // 5
  return { ledger: { window: ledger.window, used, accounts }, grant };
}

/** The ledger whose window runs now; an empty one in the claim's window when the store has lost that window. */
function currentLedger(ledger: Ledger | undefined, claim: Claim, nowMs: number): Ledger | undefined {
  const running = ledger !== undefined && isOpen(claim.limit, ledger.window, nowMs) ? ledger : undefined;
  const { window } = claim;
  if (window === undefined || !isOpen(claim.limit, window, nowMs)) return running;
  if (running !== undefined && window <= running.window) return running;
  return emptyLedger(window);
}

function emptyLedger(window: WindowId): Ledger {
  return { window, used: 0, accounts: new Map<GatewayId, Account>() };
}
