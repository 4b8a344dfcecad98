import type { Redis } from 'ioredis';
import type { Clock } from '../../limits/clock.ts';
import { isReply } from './ask.ts';
import { connectPlain, type Endpoint, type RedisAccess, type RedisTls, untilConnected } from './connect.ts';

/** A primary that sentinels watch over. */
export interface SentinelAddress extends RedisAccess {
  readonly sentinels: readonly Endpoint[];
  readonly masterName: string;
  readonly sentinelUser?: string;
  readonly sentinelPassword?: string;
  readonly sentinelTls: false | RedisTls;
}

/** Where a sentinel believes the primary to be, and by which configuration: a newer one has a higher epoch. */
interface Sighting extends Endpoint {
  readonly epoch: number;
}

const askEveryMs = 500;
/** A sentinel that is silent for this long has no say. */
const sentinelSilenceMsMax = 300;
const switchChannel = '+switch-master';

/**
 * Knows which server is the primary. All sentinels are asked, and the highest epoch wins: one that is cut off together with a
 * demoted primary would still name that. They announce a failover; besides, they are asked twice a second.
 */
export class SentinelWatch {
  readonly #masterName: string;
  readonly #clock: Clock;
  readonly #moved: (primary: Endpoint) => void;
  readonly #askers: readonly Redis[];
  readonly #listeners: readonly Redis[];
  #seen: Sighting | undefined;
  #lastError = 'no sentinel has answered';
  #cancelNext = (): void => {};
  #closed = false;

  /** `moved` is told each primary that is another server than the one before. */
  constructor(address: SentinelAddress, clock: Clock, moved: (primary: Endpoint) => void) {
    this.#masterName = address.masterName;
    this.#clock = clock;
    this.#moved = moved;
    const { sentinelUser: user, sentinelPassword: password, sentinelTls: tls } = address;
    const access = {
      ...(user !== undefined && { user }),
      ...(password !== undefined && { password }),
      tls,
      connectDeadlineMs: Math.min(address.connectDeadlineMs, sentinelSilenceMsMax),
      silenceMsMax: sentinelSilenceMsMax,
    };
    const open = (sentinel: Endpoint): Redis => {
      const redis = connectPlain({ ...access, ...sentinel });
      redis.on('error', (error: Error) => {
        this.#lastError = `the sentinel at ${sentinel.host}:${sentinel.port}: ${error.message}`;
      });
      return redis;
    };
    this.#askers = address.sentinels.map(open);
    this.#listeners = address.sentinels.map(open);
    for (const redis of this.#askers) redis.on('ready', () => void this.#askOne(redis));
    for (const redis of this.#listeners) this.#listen(redis);
    this.#askLater();
  }

  /** As last told. */
  get primary(): Endpoint | undefined {
    return this.#seen;
  }

  /** Why the primary isn't known. */
  get lastError(): string {
    return this.#lastError;
  }

  /** Asks all sentinels; resolves when most of them have answered, or none will. */
  async ask(): Promise<Endpoint | undefined> {
    const majority = Math.floor(this.#askers.length / 2) + 1;
    const answers = this.#askers.map((redis) => this.#askOne(redis));
    let answered = 0;
    await new Promise<void>((resolve) => {
      for (const answer of answers) {
        void answer.then((sighting) => {
          if (sighting !== undefined && ++answered >= majority) resolve();
        });
      }
      void Promise.all(answers).then((all) => {
        this.#reconsider(all.filter((one) => one !== undefined));
        resolve();
      });
    });
    return this.#seen;
  }

  close(): void {
    this.#closed = true;
    this.#cancelNext();
    for (const redis of [...this.#askers, ...this.#listeners]) redis.disconnect();
  }

  #askLater(): void {
    this.#cancelNext = this.#clock.after(askEveryMs, () => {
      void this.ask().then(() => {
        if (!this.#closed) this.#askLater();
      });
    });
  }

  #listen(redis: Redis): void {
    redis.on('ready', () => {
      // A failover announced before this connection stood would be missed: the asker's answer tells of it.
      redis.subscribe(switchChannel).then(
        () => this.ask(),
        (error: Error) => (this.#lastError = error.message),
      );
    });
    redis.on('message', (_: string, message: string) => {
      if (message.startsWith(`${this.#masterName} `)) void this.ask();
    });
  }

  /** What one sentinel says, or nothing when it is out of reach or doesn't know the primary. */
  async #askOne(redis: Redis): Promise<Sighting | undefined> {
    await untilConnected(redis);
    try {
      // During a failover the second command names the new primary earlier than the first; the epoch is that of both.
      const [description, address] = await Promise.all([
        redis.call('SENTINEL', 'MASTER', this.#masterName),
        redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.#masterName),
      ]);
      const sighting = sightingOf(description, address);
      if (sighting !== undefined) this.#learn(sighting);
      return sighting;
    } catch (error) {
      // Why there is no connection is told by its own event.
      if (isReply(error)) this.#lastError = error.message;
      return undefined;
    }
  }

  #learn(sighting: Sighting): void {
    if (this.#seen !== undefined && sighting.epoch <= this.#seen.epoch) return;
    this.#adopt(sighting);
  }

  /** When all answer and nobody confirms what was seen, the sentinels have been set up anew: their epochs may start again. */
  #reconsider(answers: readonly Sighting[]): void {
    const [first, ...others] = answers;
    const seen = this.#seen;
    if (first === undefined || seen === undefined || answers.length < this.#askers.length) return;
    if (answers.some((one) => one.epoch > seen.epoch || isSameServer(one, seen))) return;
    this.#adopt(others.reduce((best, one) => (one.epoch > best.epoch ? one : best), first));
  }

  #adopt(sighting: Sighting): void {
    const before = this.#seen;
    this.#seen = sighting;
    if (!isSameServer(sighting, before) && !this.#closed) this.#moved(sighting);
  }
}

export function isSameServer(one: Endpoint, other: Endpoint | undefined): boolean {
  return one.host === other?.host && one.port === other.port;
}

function sightingOf(description: unknown, address: unknown): Sighting | undefined {
  if (!Array.isArray(description) || !Array.isArray(address)) return undefined;
  const at = description.indexOf('config-epoch');
  const epoch = Number(description[at + 1]);
  const [host, port] = [String(address[0]), Number(address[1])];
  return at >= 0 && Number.isSafeInteger(epoch) && port > 0 ? { host, port, epoch } : undefined;
}
