import { Agent, request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { sentHeader } from '../support/load.ts';
import { hasGuest, versionShown } from './versions.ts';

/** Which versions a gateway may go by now: at least the one it has confirmed, at most the newest that was written. */
export interface InForce {
  readonly confirmed: readonly number[];
  readonly written: number;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly policy: string;
}

/** What was asked, and everything that should not have been answered. */
export interface Tally {
  readonly asked: Record<string, number>;
  readonly answered: Record<string, number>;
  readonly wrong: string[];
}

const askersCount = 6;

/** Requests of all kinds, over all gateways in turn, as fast as they are answered; every answer is judged by the versions it may show. */
export class Askers {
  readonly tally: Tally = { asked: {}, answered: {}, wrong: [] };
  readonly #urls: readonly string[];
  readonly #inForce: () => InForce;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #running: Promise<void>[];
  #hasEnded = false;

  constructor(urls: readonly string[], inForce: () => InForce) {
    this.#urls = urls;
    this.#inForce = inForce;
    this.#running = Array.from({ length: askersCount }, (_, index) => this.#run(index));
  }

  async end(): Promise<void> {
    this.#hasEnded = true;
    await Promise.all(this.#running);
    this.#agent.destroy();
  }

  /** A request to the API that comes and goes which is still running when that has gone. */
  async askSlowly(gateway: number): Promise<void> {
    const { status, body } = await this.#ask(gateway, 'guest', 'slow');
    if (status !== 200 || !body.endsWith('/slow')) this.#wrong(`slow: ${status} ${body}`);
  }

  /** Whether the API with the constant limit still admits. */
  async admitsConstant(gateway: number): Promise<boolean> {
    return (await this.#ask(gateway, 'constant')).status === 200;
  }

  async #run(index: number): Promise<void> {
    for (let turn = index; !this.#hasEnded; turn += 1) {
      const gateway = turn % this.#urls.length;
      await this.#askOpen(gateway);
      const kind = Math.floor(turn / this.#urls.length) % 4;
      if (kind === 0) await this.#askLimited(gateway, 'constant');
      else if (kind < 3) await this.#askLimited(gateway, 'varying');
      else await this.#askGuest(gateway);
    }
  }

  async #askOpen(gateway: number): Promise<void> {
    const from = this.#inForce().confirmed[gateway] ?? 0;
    const { status, body, policy } = await this.#ask(gateway, 'open');
    const { written } = this.#inForce();
    const { backend, plan, apiPlan } = versionShown(body, policy);
    const isOne = backend === plan && plan === apiPlan;
    if (status !== 200 || !isOne || backend < from || backend > written)
      this.#wrong(`open: ${status}, of ${from} to ${written} it shows ${backend}, ${plan}, ${apiPlan}`);
  }

  async #askLimited(gateway: number, kind: string): Promise<void> {
    const { status, body } = await this.#ask(gateway, kind);
    if (status !== 200 && status !== 429) this.#wrong(`${kind}: ${status} ${body}`);
  }

  async #askGuest(gateway: number): Promise<void> {
    const from = this.#inForce().confirmed[gateway] ?? 0;
    const { status, body } = await this.#ask(gateway, 'guest');
    const { written } = this.#inForce();
    const versions = Array.from({ length: written - from + 1 }, (_, index) => from + index);
    const expected = new Set<number>(versions.map((version) => (hasGuest(version) ? 200 : 404)));
    if (!expected.has(status)) this.#wrong(`guest: ${status} ${body} of versions ${from} to ${written}`);
  }

  async #ask(gateway: number, api: string, path: string = api): Promise<Answer> {
    const { asked, answered } = this.tally;
    asked[path] = (asked[path] ?? 0) + 1;
    const key = api === 'guest' ? 'Guest-production' : 'Some-production';
    const headers = { ApiKey: key, [sentHeader]: String(Date.now()) };
    try {
      const url = `${this.#urls[gateway]}/${api}/1.0.0/${path}`;
      const [response] = (await once(request(url, { agent: this.#agent, headers }).end(), 'response')) as [
        IncomingMessage,
      ];
      let body = '';
      for await (const text of response.setEncoding('utf8')) body += String(text);
      const status = response.statusCode ?? 0;
      answered[`${path} ${status}`] = (answered[`${path} ${status}`] ?? 0) + 1;
      return { status, body, policy: String(response.headers['ratelimit-policy'] ?? '') };
    } catch (error) {
      return { status: 0, body: String(error), policy: '' };
    }
  }

  #wrong(what: string): void {
    this.tally.wrong.push(what);
  }
}
