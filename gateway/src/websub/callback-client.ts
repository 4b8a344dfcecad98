import { lookup, type LookupAddress } from 'node:dns';
import { request as requestHttp, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Clock } from '../limits/clock.ts';
import { type CallbackRules, literalAddress } from './callback-rules.ts';
import { FairQueue } from './fair-queue.ts';

export interface CallbackRequest {
  readonly method: 'GET' | 'POST';
  /** An http or https URL. */
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

export interface CallbackAnswer {
  readonly status: number;
  readonly text: string;
}

const deadlineMs = 10_000;
const answerBytesMax = 4096;
/** Names are looked up by the few threads that files and backends need too: slow ones must not take them all. */
const lookups = { runningMax: 2, runningOfOneMax: 1, waitingMax: 2000, waitingOfOneMax: 1000 };

/** Sends requests to where clients have them sent: to allowed addresses only, without following redirects, within ten seconds. */
export class CallbackClient {
  /** Those of the configuration in force. */
  rules: CallbackRules;
  readonly #clock: Clock;
  readonly #lookups = new FairQueue(lookups);

  constructor(rules: CallbackRules, clock: Clock) {
    this.rules = rules;
    this.#clock = clock;
  }

  /** Whether it is known before that a URL may not be reached: one that names an address. */
  mayReach(url: string): boolean {
    const { hostname } = new URL(url);
    const address = literalAddress(hostname);
    return address === undefined || this.rules.allows(hostname, address);
  }

  /** Gives the answer with the first 4 KiB of its body. Rejects when there is none in time, or the address isn't allowed. */
  async send({ method, url, fields, body }: CallbackRequest): Promise<CallbackAnswer> {
    // A connection to an address is made without a look-up.
    if (!this.mayReach(url)) throw new Error('the address is not allowed');
    const late = new AbortController();
    const cancel = this.#clock.after(deadlineMs, () => late.abort());
    try {
      const options: RequestOptions = {
        method,
        headers: { ...fields, 'user-agent': 'sluice', ...(body && { 'content-length': body.length }) },
        agent: false,
        signal: late.signal,
        lookup: this.#lookup,
      };
      return await exchange(url, options, body);
    } finally {
      cancel();
      late.abort();
    }
  }

  /** Finds the addresses of a name, and leaves out those that aren't allowed: what is connected to is what was checked. */
  readonly #lookup: LookupFunction = (hostname, options, done) => {
    const found = (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]): void => {
      const allowed = addresses.filter(({ address }) => this.rules.allows(hostname, address));
      const [first] = allowed;
      if (error !== null || first === undefined) done(error ?? new Error('no address of it is allowed'), []);
      else if (options.all === true) done(null, [...allowed]);
      else done(null, first.address, first.family);
    };
    const job = (): Promise<void> =>
      new Promise((ended) => {
        lookup(hostname, { all: true }, (error, addresses) => {
          ended();
          found(error, addresses);
        });
      });
    if (!this.#lookups.add(hostname, job)) done(new Error('too many names are looked up'), []);
  };
}

function exchange(url: string, options: RequestOptions, body: Buffer | undefined): Promise<CallbackAnswer> {
  return new Promise((resolve, reject) => {
    const request = (url.startsWith('https:') ? requestHttps : requestHttp)(url, options, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const end = (): void => {
        const text = Buffer.concat(chunks).subarray(0, answerBytesMax).toString();
        resolve({ status: answer.statusCode ?? 0, text });
        request.destroy();
      };
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > answerBytesMax) end();
      });
      answer.on('end', end);
      answer.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}
