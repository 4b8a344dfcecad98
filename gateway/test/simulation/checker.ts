import type { Witness } from './cluster.ts';
import type { Check, Invariant } from './checks/check.ts';
import { CountsOnlyGrants } from './checks/counted.ts';
import { ExactByGrants, ExactInWindows } from './checks/exact.ts';
import { CountedInTheEnd } from './checks/finals.ts';
import { BoundedLoss, type LossFigures } from './checks/loss.ts';
import { Replays, Waits } from './checks/messages.ts';
import { Quotas } from './checks/quotas.ts';
import { ExactBuckets, ExactSliding } from './checks/rates.ts';
import { Saturated, type Saturation } from './checks/saturation.ts';
import { BoundedShares } from './checks/shares.ts';
import { SharesAddUp } from './checks/together.ts';
import { Succession, Windows } from './checks/windows.ts';
import type { Event, FinalCount } from './history.ts';
import type { Scenario } from './scenario.ts';

export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
}

const violationsMax = 20;

/** All checks that hold for a scenario, over its history. */
export class Checker implements Witness {
  readonly violations: Violation[] = [];
  readonly loss: LossFigures | undefined;
  readonly saturation: Saturation | undefined;
  decisions = 0;
  admitted = 0;
  readonly #checks: Check[];

  constructor(scenario: Scenario) {
    const report = (invariant: Invariant, what: string): void => {
      if (this.violations.length < violationsMax) this.violations.push({ invariant, what });
    };
    const quotas = new Quotas(scenario);
    const windows = new Windows(scenario);
    const of = { quotas, windows, report };
    this.#checks = [quotas, windows, new Waits(scenario, report)];
    const { family } = scenario;
    if (family !== 'amnesia') this.#checks.push(new ExactByGrants(scenario, of));
    if (family !== 'amnesia' && family !== 'jumps') {
      this.#checks.push(new ExactInWindows(scenario, of), new ExactSliding(scenario, of));
      this.#checks.push(new ExactBuckets(scenario, report), new Replays(scenario, report));
      this.#checks.push(new Succession(scenario, report));
    }
    if (family === 'calm' || family === 'rough') this.#checks.push(new CountedInTheEnd(scenario, of));
    if (family === 'calm' || (family === 'rough' && !scenario.owes)) {
      this.#checks.push(new CountsOnlyGrants(scenario, report));
    }
    if (family === 'alone') this.#checks.push(new BoundedShares(scenario, report));
    if (family === 'alone' && SharesAddUp.appliesTo(scenario)) {
      this.#checks.push(new SharesAddUp(scenario, report));
    }
    if (family === 'amnesia') {
      const loss = new BoundedLoss(scenario, of);
      this.loss = loss.figures;
      this.#checks.push(loss);
    }
    if (
      family === 'calm' &&
      scenario.counters.length === 1 &&
      scenario.counters[0]?.kind === 'fixed-window'
    ) {
      const saturated = new Saturated(scenario, of);
      this.saturation = saturated.figures;
      this.#checks.push(saturated);
    }
  }

  see(event: Event): void {
    if (event.is === 'decision') {
      this.decisions += 1;
      if (event.admitted) this.admitted += 1;
    }
    for (const check of this.#checks) check.see(event);
  }

  end(finals: readonly FinalCount[]): void {
    for (const check of this.#checks) check.end?.(finals);
  }
}
