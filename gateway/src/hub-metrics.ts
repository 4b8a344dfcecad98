import { Counter, type Registry } from '@prometheus-io/client';
import type { Clock } from './limits/clock.ts';
import type { HubRecorder, Outcome } from './websub/hub.ts';

const reportEveryMs = 60_000;

/** Why a subscriber that wants an event didn't get it. */
type Loss = Exclude<Outcome, 'delivered' | 'gone'>;

/** The metrics of a hub, and now and then a line for people about the events that didn't arrive. */
export function hubMetrics(registry: Registry, clock: Clock, report: (line: string) => void): HubRecorder {
  const registers = [registry];
  const deliveries = new Counter({
    name: 'sluice_websub_deliveries_total',
    help: 'Events for subscribers by what became of them (over-quota, undecided, behind: not sent)',
    labelNames: ['outcome'],
    registers,
  });
  const verifications = new Counter({
    name: 'sluice_websub_verifications_total',
    help: 'Callbacks that were asked whether they want a subscription, or its end (agreed, refused)',
    labelNames: ['outcome'],
    registers,
  });
  const lost = new Map<Loss, number>();
  const tell = (): void => {
    const counts = [...lost].map(([outcome, count]) => `${count} ${words[outcome]}`).join(', ');
    lost.clear();
    report(`websub: events that subscribers didn't get in the last minute: ${counts}`);
  };
  return {
    delivery(outcome, count) {
      deliveries.inc({ outcome }, count);
      if (outcome === 'delivered' || outcome === 'gone') return;
      if (lost.size === 0) clock.after(reportEveryMs, tell);
      lost.set(outcome, (lost.get(outcome) ?? 0) + count);
    },
    verified(agreed) {
      verifications.inc({ outcome: agreed ? 'agreed' : 'refused' });
    },
  };
}

const words: Readonly<Record<Loss, string>> = {
  failed: "couldn't be delivered",
  'over-quota': 'over quota',
  undecided: "couldn't be counted",
  behind: 'for applications whose callbacks are too slow',
};
