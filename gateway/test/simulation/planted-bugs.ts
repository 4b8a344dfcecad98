import type { Family } from './scenario.ts';

/** A mistake that somebody could make, as an edit of the shipped source: `find` stands there exactly once. */
export interface PlantedBug {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly plant: string;
  /** Where to look for it, when it takes long elsewhere. */
  readonly family?: Family;
}

const lease = 'limits/lease.ts';
const settle = 'limits/settle.ts';
const claims = 'limiter/claims.ts';
const limiter = 'limiter/limiter.ts';
const decision = 'limiter/decision.ts';

/** Each must be caught by the checker within a bounded number of seeds; else the checker can't see such a mistake. */
export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'the ledger ignores seq',
    file: settle,
    find: 'seen !== undefined && claim.seq <= seen',
    plant: 'seen !== undefined && claim.seq < 0',
  },
  {
    name: 'the ledger forgets seqs when a window begins',
    file: 'limits/ledger.ts',
    find: 'const seqsBefore = new Map([...(old?.accounts ?? [])].map(([gateway, { seq }]) => [gateway, seq]));',
    plant: 'const seqsBefore = new Map<GatewayId, number>();',
  },
  {
    name: 'the ledger grants one more than is left',
    file: settle,
    find: 'const offered = Math.min(claim.want, left);',
    plant: 'const offered = Math.min(claim.want, left + 1);',
  },
  {
    name: 'the ledger believes what was held in another window',
    file: settle,
    find: 'claim.window === ledger.window ? claim.held : believed',
    plant: 'claim.held',
    family: 'calm',
  },
  {
    name: 'the ledger never takes units back',
    file: settle,
    find: 'claim.window === ledger.window ? claim.held : believed',
    plant: 'claim.window === ledger.window ? Math.max(claim.held, believed) : believed',
    family: 'calm',
  },
  {
    name: 'the ledger never hears of units spent beyond a grant',
    file: settle,
    find: 'claim.window === ledger.window ? claim.held : believed',
    plant: 'claim.window === ledger.window ? Math.min(claim.held, believed) : believed',
  },
  {
    name: 'a claim replaces a window that runs',
    file: settle,
    find: 'if (known !== undefined && isOpen(limit, known.window, nowMs)) {',
    plant:
      'if (known !== undefined && isOpen(limit, known.window, nowMs) && (window ?? 0) <= known.window) {',
  },
  {
    name: 'a window that is over is adopted again',
    file: settle,
    find: 'window !== undefined && isOpen(limit, window, nowMs) && window >= lastEndsMs',
    plant: 'window !== undefined && window >= lastEndsMs',
  },
  {
    name: 'a window may begin inside the last',
    file: settle,
    find: ' && window >= lastEndsMs',
    plant: '',
    family: 'alone',
  },
  {
    name: 'the window before does not count in a sliding one',
    file: 'limits/sliding-window.ts',
    find: 'return old.window === window - limit.windowMs ? old.used : 0;',
    plant: 'return old.window === window ? old.used : 0;',
  },
  {
    name: 'a bucket refills twice as fast',
    file: 'limits/token-bucket.ts',
    find: 'deficit.scaled - passedMs * limit.quota',
    plant: 'deficit.scaled - 2 * passedMs * limit.quota',
  },
  {
    name: 'the deadline counts from the answer, not from the claim',
    file: 'limits/told.ts',
    find: 'deadlineMs: sentAtMs + endsInMs - 1',
    plant: 'deadlineMs: nowMs + endsInMs - 1',
  },
  {
    name: 'units are spent after the end of their window',
    file: lease,
    find: 'return nowMs < this.#told.deadlineMs ? Math.max(0, this.#account - this.#spent) : 0;',
    plant: 'return nowMs < this.#told.deadlineMs + 50 ? Math.max(0, this.#account - this.#spent) : 0;',
  },
  {
    name: 'deadlines go by the wall clock',
    file: claims,
    find: 'const sentAtMs = this.#clock.monotonicMs();',
    plant: 'const sentAtMs = this.#clock.monotonicMs() + (this.#clock.wallMs() % 700);',
  },
  {
    name: 'a lost claim counts as granted',
    file: lease,
    find: '    this.#keptUntilMs = nowMs + lengthMs(this.#limit);',
    plant: '    this.#keptUntilMs = nowMs + lengthMs(this.#limit);\n    this.#account += 1;',
  },
  {
    name: 'a lost claim is forgotten',
    file: lease,
    find: '    this.#unsure = true;\n    this.#keptUntilMs',
    plant: '    this.#keptUntilMs',
    family: 'rough',
  },
  {
    name: 'units on their way back are spent all the same',
    file: lease,
    find: '    this.#account = Math.min(this.#account, held);\n',
    plant: '',
  },
  {
    name: 'an answer about another window is added to this one',
    file: lease,
    find: 'if (grant.window === claim.window && grant.window === this.#told.window) {',
    plant: 'if (grant.window > 0) {',
  },
  {
    name: 'two claims of a counter in flight',
    file: lease,
    find: 'if (this.#inFlight !== undefined || nowMs < this.#notBeforeMs) return false;',
    plant: 'if (nowMs < this.#notBeforeMs) return false;',
  },
  {
    name: 'a recheck that never asks',
    file: lease,
    find: 'Math.min(when.nowMs + when.recheckMs, told.deadlineMs)',
    plant: 'told.deadlineMs',
    family: 'calm',
  },
  {
    name: 'idle leases are kept',
    file: 'limits/lease-size.ts',
    find: 'return this.#times === 0 && this.#previous === 0;',
    plant: 'return this.#times < 0;',
    family: 'calm',
  },
  {
    name: 'a lowered limit leaves leases as they are',
    file: lease,
    find: 'else this.#account = Math.min(this.#account, this.#spent);',
    plant: 'else this.#account = Math.max(this.#account, this.#spent);',
    family: 'rough',
  },
  {
    name: 'leases take all that is left',
    file: 'limits/lease-size.ts',
    find: 'Math.min(seen.perHorizon, Math.floor(seen.left / (2 * seen.gateways)))',
    plant: 'seen.left',
    family: 'calm',
  },
  {
    name: 'a refused request keeps what it could pay',
    file: decision,
    find: 'if (entry.lease.available(nowMs) >= charge.needs) continue;',
    plant:
      'if (entry.lease.available(nowMs) >= charge.needs) {\n      entry.lease.spend(charge.cost, nowMs);\n      continue;\n    }',
  },
  {
    name: 'a request pays only its first charge',
    file: decision,
    find: 'if (entry.lease.spend(charge.cost, nowMs)) runsLow(entry);',
    plant: 'if (charge === dues[0]?.charge && entry.lease.spend(charge.cost, nowMs)) runsLow(entry);',
  },
  {
    name: 'requests wait twice as long as they may',
    file: limiter,
    find: 'waitMsMax: settings.claimDeadlineMs,',
    plant: 'waitMsMax: 2 * settings.claimDeadlineMs,',
  },
  {
    name: 'what was spent alone is not stated',
    file: claims,
    find: 'if (entry.alone !== undefined) entry.lease.takeOver(entry.alone.result(this.#view.at(nowMs)));',
    plant: 'if (entry.alone !== undefined) entry.lease.doubt();',
    family: 'alone',
  },
  {
    name: 'a gateway claims again before others have told what they spent alone',
    file: limiter,
    find: 'sharesOut ? othersRestateMs : 0',
    plant: 'sharesOut ? 0 : 0',
    family: 'alone',
  },
  {
    name: 'a store that knows no gateway makes shares larger',
    file: 'limiter/store-view.ts',
    find: 'isAway ? this.#gateways : this.#gatewaysMin',
    plant: 'isAway ? this.#gatewaysMin : this.#gatewaysMin',
    family: 'alone',
  },
  {
    name: 'a share leaves out what others have used',
    file: 'limits/share.ts',
    find: 'const left = bornAlone ? ceiling(limit) : Math.max(0, ceiling(limit) - used);',
    plant:
      'const left = bornAlone ? ceiling(limit) : Math.max(0, ceiling(limit) - 0 * used + ceiling(limit));',
    family: 'alone',
  },
  {
    name: 'every gateway takes the whole as its share',
    file: 'limits/share.ts',
    find: 'Math.min(Math.floor(left / gateways) - uncounted, evenPart - held)',
    plant: 'left + 0 * (evenPart + uncounted + held)',
  },
  {
    name: 'nothing is restated when the store may have lost data',
    file: limiter,
    find: '      entry.lease.doubt();\n',
    plant: '',
    family: 'amnesia',
  },
  {
    name: 'a doubt is over with any answer',
    file: lease,
    find: 'if (doubted || (wasUnsure && grant.window !== claim.window)) this.#unsure = true;',
    plant: 'if (wasUnsure && grant.window !== claim.window) this.#unsure = true;',
    family: 'amnesia',
  },
  {
    name: 'leases are not given back at the end',
    file: claims,
    find: 'const live = entries.filter(({ lease }) => lease.live(nowMs));',
    plant: 'const live = entries.filter(({ lease }) => lease.live(nowMs) && lease.claiming);',
    family: 'calm',
  },
  {
    name: 'costs known afterwards are not charged',
    file: lease,
    find: 'if (nowMs < this.#told.deadlineMs) this.#spent += units;',
    plant: 'if (nowMs < this.#told.deadlineMs) this.#spent += 0 * units;',
    family: 'rough',
  },
];
