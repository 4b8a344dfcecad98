import type { LookupAddress } from 'node:dns';
import { request as requestHttp, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Clock } from '../limits/clock.ts';
import { type CallbackRules, literalAddress } from './callback-rules.ts';
import { NameLookup } from './name-lookup.ts';

export interface CallbackRequest {
  readonly method: 'GET' | 'POST';
  /** An http or https URL. */
  readonly url: string;
  /** Whose callback it is: whose turn a look-up takes. */
  readonly application: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

export interface CallbackAnswer {
  readonly status: number;
  readonly text: string;
}

const deadlineMs = 10_000;
const answerBytesMax = 4096;

/** Sends requests to where clients have them sent: to allowed addresses only, without following redirects, within ten seconds. */
export class CallbackClient {
  /** Those of the configuration in force. */
  rules: CallbackRules;
  readonly #clock: Clock;
  readonly #names: NameLookup;

  constructor(rules: CallbackRules, clock: Clock) {
    this.rules = rules;
    this.#clock = clock;
    this.#names = new NameLookup(clock);
  }

  /** Whether it is known before that a URL may not be reached: one that names an address. */
  mayReach(url: string): boolean {
    const { hostname } = new URL(url);
    const address = literalAddress(hostname);
    return address === undefined || this.rules.allows(hostname, address);
  }

  /** Gives the answer with the first 4 KiB of its body. Rejects when there is none in time, or the address isn't allowed. */
  async send({ method, url, application, fields, body }: CallbackRequest): Promise<CallbackAnswer> {
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
        lookup: (...asked) => void this.#lookup(application, ...asked),
      };
      return await exchange(url, options, body);
    } finally {
      cancel();
      late.abort();
    }
  }

  /** Only allowed addresses are given: what is connected to is what was checked. */
  readonly #lookup = async (
    application: string,
    ...[hostname, { all }, done]: Parameters<LookupFunction>
  ): Promise<void> => {
    const allowed = await this.#allowed(hostname, application);
    if (allowed instanceof Error) done(allowed, []);
    else if (all === true) done(null, [...allowed]);
    else done(null, allowed[0].address, allowed[0].family);
  };

  async #allowed(
    hostname: string,
    application: string,
  ): Promise<readonly [LookupAddress, ...LookupAddress[]] | Error> {
    try {
      const addresses = await this.#names.find(hostname, application);
      const [first, ...others] = addresses.filter(({ address }) => this.rules.allows(hostname, address));
      return first === undefined ? new Error('no address of it is allowed') : [first, ...others];
    } catch (error) {
      return error instanceof Error ? error : new Error('no address found');
    }
  }
}

function exchange(url: string, options: RequestOptions, body: Buffer | undefined): Promise<CallbackAnswer> {
  return new Promise((resolve, reject) => {
    const request = (url.startsWith('https:') ? requestHttps : requestHttp)(url, options, (answer) => {
      request.off('error', reject).on('error', () => {});
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
      // The status is known; a body that breaks off is as long as it came.
      answer.on('error', end);
    });
    request.on('error', reject);
    // An answer that changes the protocol is no answer to `request` otherwise.
    request.on('upgrade', (answer, socket) => {
      socket.destroy();
      resolve({ status: answer.statusCode ?? 0, text: '' });
    });
    request.end(body);
  });
}
