import type { BackendSender } from '../../backends/backend-call.ts';
import { Backends } from '../../backends/backends.ts';
import { defaultBackendSettings } from '../../config/backends-table.ts';
import type { Clock } from '../../limits/clock.ts';

/** What one gateway answered: how often each status; under 0, how often nothing. */
export type Answers = Map<number, number>;

export interface Offer {
  /** Base URLs of the gateways; requests go to them in turn. */
  readonly gateways: readonly string[];
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly perSecond: number;
  readonly durationMs: number;
  readonly clock: Clock;
  /** Called about four times a second. */
  readonly onProgress: (answers: readonly Answers[]) => void;
}

const tickMs = 10;
const connectionsPerGateway = 16;
const unansweredMax = 2000;

/**
 * Offers requests at a fixed rate over many connections, whether or not earlier ones were answered (but never more than
 * `unansweredMax` at once). Resolves, when all are answered, to what each gateway answered.
 */
export async function offerTraffic(offer: Offer): Promise<readonly Answers[]> {
  const backends = new Backends(offer.clock, {
    ...defaultBackendSettings,
    bounds: {
      ...defaultBackendSettings.bounds,
      connectionsMax: connectionsPerGateway,
      waitingMax: unansweredMax,
    },
  });
  const pools = offer.gateways.map((url) => backends.pool(url));
  const answers = pools.map((): Answers => new Map());
  const unanswered = new Set<Promise<void>>();
  const startMs = offer.clock.monotonicMs();
  let offered = 0;
  let told = 0;
  await new Promise<void>((resolve) => {
    const tick = (): void => {
      const passedMs = offer.clock.monotonicMs() - startMs;
      const due = Math.floor((Math.min(passedMs, offer.durationMs) * offer.perSecond) / 1000);
      for (; offered < due; offered += 1) {
        if (unanswered.size >= unansweredMax) continue;
        const gateway = offered % pools.length;
        const one = send(pools[gateway], offer, answers[gateway]).finally(() => unanswered.delete(one));
        unanswered.add(one);
      }
      if (passedMs - told >= 250) {
        told = passedMs;
        offer.onProgress(answers);
      }
      if (passedMs >= offer.durationMs) resolve();
      else offer.clock.after(tickMs, tick);
    };
    tick();
  });
  await Promise.all(unanswered);
  backends.close();
  return answers;
}

function send(pool: BackendSender | undefined, offer: Offer, answers: Answers | undefined): Promise<void> {
  return new Promise((resolve) => {
    let answered = 0;
    const over = (status: number): void => {
      answers?.set(status, (answers.get(status) ?? 0) + 1);
      resolve();
    };
    const fields = Object.entries(offer.headers).flat();
    pool?.send(
      { method: 'GET', path: offer.path, fields, body: undefined },
      {
        interim: () => {},
        head: (status) => {
          answered = status;
        },
        data: () => true,
        flush: () => {},
        end: () => {
          over(answered);
        },
        failed: () => {
          over(0);
        },
        switched: (_, socket) => socket.destroy(),
      },
    );
  });
}
