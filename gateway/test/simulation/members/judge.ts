import { lengthMs } from '../../../src/limits/ledger.ts';
import type { Check, Invariant, Report } from '../checks/check.ts';
import { ExactByGrants, ExactInWindows } from '../checks/exact.ts';
import { Waits } from '../checks/messages.ts';
import { Quotas } from '../checks/quotas.ts';
import { ExactBuckets, ExactSliding } from '../checks/rates.ts';
import { Saturated, type Saturation } from '../checks/saturation.ts';
import { BoundedShares } from '../checks/shares.ts';
import { Succession, Windows } from '../checks/windows.ts';
import type { Event } from '../history.ts';
import type { MemberHistory } from './run.ts';
import type { MemberScenario } from './scenario.ts';

export interface Judgement {
  readonly broken: readonly string[];
  /** Units beyond limits, whether or not they may be. */
  readonly over: number;
  readonly saturation: Saturation | undefined;
}

/** Leases of buckets are over by then. */
const leaseMs = 100;
/** When a member that is cut off notices at the latest: five heartbeats of silence, looked at with the next one. */
const noticedMs = 600;

/** Judges a run by the checks of the store's simulation, and what two failures cost by docs/high-availability.md. */
export function judge(scenario: MemberScenario, history: MemberHistory): Judgement {
  const broken: string[] = [];
  const report: Report = (invariant, what) => broken.push(`${invariant}: ${what}`);
  const { loss, kind, onFailure } = scenario;
  const events = withJoined(scenario, history.events);
  const whole = exactness(scenario, report);
  if (loss.kind === 'nothing') look(whole, events);
  else look(whole, withoutLost(scenario, events, loss));
  if (loss.kind === 'parted') {
    look(exactness(scenario, report), ofLost(events, loss));
    reportLate(scenario, events, loss, report);
  }
  // Who is frozen, or waits for its last claims, decides later than it would.
  const isPaused = kind === 'freeze' || kind === 'storm' || kind === 'slow' || kind === 'leave';
  if (!isPaused) look([new Waits({ family: 'rough' }, report)], events);
  if (onFailure === 'local') {
    // The longest way is how well a gateway that is alone knows the time.
    const addedMs = Math.max(0, ...scenario.slowLinks.map(({ delayMs }) => delayMs));
    const network = { delayMsMax: scenario.delayMsMax + addedMs };
    const shared = { ...scenario, gateways: history.gatewaysMin, network };
    look([new BoundedShares(shared, report)], events);
  }
  return { broken, over: unitsOver(scenario, events), saturation: saturationOf(scenario, events, report) };
}

function look(checks: readonly Check[], events: readonly Event[]): void {
  for (const event of events) for (const check of checks) check.see(event);
}

/** I1 for every kind of limit. */
function exactness(scenario: MemberScenario, report: Report): readonly Check[] {
  const { quotas, windows } = basis(scenario);
  const of = { quotas, windows, report };
  return [
    quotas,
    windows,
    new ExactByGrants(scenario, of),
    new ExactInWindows(scenario, of),
    new ExactSliding(scenario, of),
    new ExactBuckets(scenario, report),
    new Succession(scenario, report),
  ];
}

function basis(scenario: MemberScenario): { readonly quotas: Quotas; readonly windows: Windows } {
  return { quotas: new Quotas({ ...scenario, gateways: 1 }), windows: new Windows(scenario) };
}

/**
 * A window that begins inside another, by an owner that had slept, is that window under another name: units of both count together.
 */
function withJoined({ counters }: MemberScenario, events: readonly Event[]): readonly Event[] {
  const joins = new Map<string, number>();
  const newest = counters.map(() => -Infinity);
  for (const event of events) {
    if (event.is !== 'settled' || event.unchanged) continue;
    const { counter, grant } = event;
    const limit = counters[counter]!;
    const [older, newer] = [newest[counter]!, grant.window].toSorted((a, b) => a - b) as [number, number];
    if (older < newer && newer < older + lengthMs(limit)) joins.set(`${counter} ${older}`, newer);
    newest[counter] = newer;
  }
  const nameOf = (counter: number, window: number): number => {
    const joined = joins.get(`${counter} ${window}`);
    return joined === undefined ? window : nameOf(counter, joined);
  };
  return events.map((event) => {
    if (event.is !== 'settled' && event.is !== 'delivered') return event;
    const { counter, grant } = event;
    return { ...event, grant: { ...grant, window: nameOf(counter, grant.window) } };
  });
}

type Lost = Exclude<MemberScenario['loss'], { readonly kind: 'nothing' }>;

/**
 * What two members take with them is what both had taken: without it, the others keep to the limit. A sliding window or a bucket
 * begins anew besides.
 */
function withoutLost({ counters }: MemberScenario, events: readonly Event[], loss: Lost): readonly Event[] {
  const isForgotten = (event: Event): boolean => {
    if (event.is !== 'decision' || event.atMs >= loss.atMs + leaseMs) return false;
    return event.charges.some(({ counter }) => counters[counter]?.kind !== 'fixed-window');
  };
  return events.filter((event) => !isOf(event, loss) && !isForgotten(event));
}

/** What the lost ones do until they notice is within the limit as they know it: with what the others had taken by then. */
function ofLost(events: readonly Event[], loss: Extract<Lost, { kind: 'parted' }>): readonly Event[] {
  return events
    .filter(({ atMs }) => atMs < loss.untilMs)
    .filter((event) => event.atMs < loss.atMs || isOf(event, loss));
}

/** Who is cut off notices, and is granted nothing more. */
function reportLate(
  { delayMsMax }: MemberScenario,
  events: readonly Event[],
  loss: Extract<Lost, { kind: 'parted' }>,
  report: Report,
): void {
  const sinceMs = loss.atMs + noticedMs + 2 * delayMsMax;
  for (const event of events) {
    const isIn = event.atMs > sinceMs && event.atMs < loss.untilMs;
    if (isIn && event.is === 'delivered' && event.grant.granted > 0 && isOf(event, loss))
      report('I1', `gateway ${event.gateway} was granted units by a minority, at ${event.atMs}`);
  }
}

/** Processes have numbers in order of their start, so the first of each place is known. */
function isOf(event: Event, { places }: Lost): boolean {
  return 'gateway' in event && event.gateway !== undefined && places.includes(event.gateway - 1);
}

function unitsOver(scenario: MemberScenario, events: readonly Event[]): number {
  let over = 0;
  const { quotas, windows } = basis(scenario);
  const report = (_: Invariant, what: string): void => {
    if (!what.includes('in no window')) over += 1;
  };
  const of = { quotas, windows, report };
  const all = events.map((event) => (event.is === 'decision' ? { ...event, certain: true } : event));
  const rates = [new ExactSliding(scenario, of), new ExactBuckets(scenario, report)];
  look([quotas, windows, new ExactInWindows(scenario, of), ...rates], all);
  return over;
}

/** I3, where nothing fails and one counter is asked for. */
function saturationOf(
  scenario: MemberScenario,
  events: readonly Event[],
  report: Report,
): Saturation | undefined {
  const { kind, counters, everyMs } = scenario;
  if (kind !== 'calm' || counters.length > 1 || counters[0]?.kind !== 'fixed-window') return undefined;
  const { windows } = basis(scenario);
  const saturated = new Saturated({ counters, demand: [{ everyMs: everyMs + 1 }] }, { windows, report });
  look([windows, saturated], events);
  return saturated.figures;
}
