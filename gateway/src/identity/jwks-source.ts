import type { Clock } from '../limits/clock.ts';
import { keysOfJwks, type TokenKey } from './token-key.ts';

/** Gives the text behind a URL, or rejects: within a deadline and up to a size. */
export type FetchText = (url: string) => Promise<string>;

/** What a source works with; `report` takes lines for people. */
export interface JwksMeans {
  readonly clock: Clock;
  readonly fetchText: FetchText;
  readonly report: (line: string) => void;
}

/** Why there is no key: the issuer has none that fits, or nobody can tell now. */
export type NoKey = 'unknown' | 'unavailable';

const minuteMs = 60_000;
const fetchesPerMinuteMax = 2;
/** Keys this old are fetched again beside the requests that need them. */
const refreshMs = 5 * minuteMs;
/** An issuer that has been away this long is no longer known by its old keys. */
const staleMsMax = 24 * 60 * minuteMs;
/** How long it is believed that the issuer has no key of a name, unless its keys are fetched meanwhile. */
const missingMs = 30_000;
const missingMax = 1000;
const waitingMax = 1000;

/**
 * The keys behind one URL. Whoever needs a key that is known doesn't wait. Others wait for one fetch together, which is
 * tried at most twice a minute, whatever tokens come; old keys stay in force while the issuer is away.
 */
export class JwksSource {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #fetchText: FetchText;
  readonly #report: (line: string) => void;
  readonly #missing = new Map<string, number>();
  #keys: readonly TokenKey[] | undefined;
  #fetchedAtMs = 0;
  /** When the last fetches began; never more than a minute's. */
  #beganAtMs: readonly number[] = [];
  #running: Promise<void> | undefined;
  #waiting = 0;
  #isAway = false;

  constructor(url: string, { clock, fetchText, report }: JwksMeans) {
    this.#url = url;
    this.#clock = clock;
    this.#fetchText = fetchText;
    this.#report = report;
  }

  /** A promise only where the key isn't known and a fetch may still bring it. */
  find(
    name: string,
    choose: (keys: readonly TokenKey[]) => TokenKey | undefined,
  ): TokenKey | NoKey | Promise<TokenKey | NoKey> {
    this.refresh();
    const known = this.#choose(choose);
    if (typeof known !== 'string') return known;
    if (known === 'unknown' && this.#isMissing(name)) return 'unknown';
    const fetching = this.#running ?? this.#begin();
    if (fetching === undefined) return known;
    if (this.#waiting >= waitingMax) return 'unavailable';
    return this.#await(fetching, name, choose);
  }

  /** Whether a key that was found here is still one of the issuer's. */
  has(key: TokenKey): boolean {
    this.refresh();
    return this.#keys?.includes(key) ?? false;
  }

  /** Fetches the keys again where they are old; nobody waits for that. */
  refresh(): void {
    if (this.#keys === undefined || this.#running !== undefined) return;
    const ageMs = this.#clock.monotonicMs() - this.#fetchedAtMs;
    if (ageMs < refreshMs) return;
    if (ageMs >= staleMsMax) this.#keys = undefined;
    void this.#begin();
  }

  async #await(
    fetching: Promise<void>,
    name: string,
    choose: (keys: readonly TokenKey[]) => TokenKey | undefined,
  ): Promise<TokenKey | NoKey> {
    this.#waiting += 1;
    await fetching;
    this.#waiting -= 1;
    const found = this.#choose(choose);
    if (found === 'unknown') this.#noteMissing(name);
    return found;
  }

  #choose(choose: (keys: readonly TokenKey[]) => TokenKey | undefined): TokenKey | NoKey {
    return this.#keys === undefined ? 'unavailable' : (choose(this.#keys) ?? 'unknown');
  }

  /** Begins a fetch unless there were enough in the last minute. Never rejects. */
  #begin(): Promise<void> | undefined {
    const nowMs = this.#clock.monotonicMs();
    this.#beganAtMs = this.#beganAtMs.filter((atMs) => nowMs - atMs < minuteMs);
    if (this.#beganAtMs.length >= fetchesPerMinuteMax) return undefined;
    this.#beganAtMs = [...this.#beganAtMs, nowMs];
    this.#running = this.#fetch().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #fetch(): Promise<void> {
    try {
      const fetched = keysOfJwks(await this.#fetchText(this.#url));
      // More likely a mishap than an issuer that takes all of its keys back: that one publishes others.
      if (fetched.length === 0) throw new Error('it holds no key that verifies signatures');
      this.#keys = fetched.map((key) => this.#keys?.find((old) => isSame(old, key)) ?? key);
      this.#fetchedAtMs = this.#clock.monotonicMs();
      this.#missing.clear();
      if (this.#isAway) this.#report(`${this.#place} has its keys again`);
      this.#isAway = false;
    } catch (error) {
      // Whatever it is, the issuer's keys are those that were known before.
      const reason = error instanceof Error ? error.message : String(error);
      if (!this.#isAway)
        this.#report(`${this.#place} can't be read, the keys before stay in force: ${reason}`);
      this.#isAway = true;
    }
  }

  /** A query may hold a secret. */
  get #place(): string {
    return `the key set at ${this.#url.replace(/\?.*$/, '')}`;
  }

  #isMissing(name: string): boolean {
    return (this.#missing.get(name) ?? -missingMs) + missingMs > this.#clock.monotonicMs();
  }

  #noteMissing(name: string): void {
    if (this.#missing.size >= missingMax) this.#missing.clear();
    this.#missing.set(name, this.#clock.monotonicMs());
  }
}

/** A key that was fetched again stays the same object, so that what it has verified stays verified. */
function isSame(one: TokenKey, other: TokenKey): boolean {
  return one.kid === other.kid && one.algorithm === other.algorithm && one.key.equals(other.key);
}
