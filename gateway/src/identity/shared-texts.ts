import type { Clock } from '../limits/clock.ts';
import type { FetchText } from './jwks-source.ts';

const minuteMs = 60_000;
const fetchesPerMinuteMax = 2;
/** Whoever asks this soon after another gets the same. */
const sameMs = 1000;

interface Shared {
  beganAtMs: readonly number[];
  /** The last fetch, under way or over. */
  last: Promise<string>;
  isRunning: boolean;
}

/**
 * Texts for several threads of one gateway: each URL is fetched at most twice a minute for all of them together. Who asks more
 * often gets what the last fetch gave, its failure included.
 */
export class SharedTexts {
  readonly #clock: Clock;
  readonly #fetchText: FetchText;
  readonly #byUrl = new Map<string, Shared>();

  constructor(clock: Clock, fetchText: FetchText) {
    this.#clock = clock;
    this.#fetchText = fetchText;
  }

  fetch(url: string): Promise<string> {
    const nowMs = this.#clock.monotonicMs();
    const shared = this.#byUrl.get(url);
    const beganAtMs = (shared?.beganAtMs ?? []).filter((atMs) => nowMs - atMs < minuteMs);
    const isRecent = nowMs - (beganAtMs.at(-1) ?? -minuteMs) < sameMs;
    if (shared !== undefined && (shared.isRunning || isRecent || beganAtMs.length >= fetchesPerMinuteMax)) {
      return shared.last;
    }
    const begun: Shared = { beganAtMs: [...beganAtMs, nowMs], last: this.#fetchText(url), isRunning: true };
    this.#byUrl.set(url, begun);
    const over = (): void => {
      begun.isRunning = false;
    };
    begun.last.then(over, over);
    return begun.last;
  }
}
