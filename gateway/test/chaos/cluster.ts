import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/ports.ts';
import { TestHome } from '../support/test-home.ts';
import { allCountExactly, GatewayProcess } from './gateway-process.ts';
import { AnsweringProcess } from './answering-process.ts';
import type { Ground } from './ground.ts';
import type { Seen } from './judge.ts';
import { gatewayCount, homeWith, offers, type OnFailure } from './limits.ts';
import type { LoadAnswer, LoadOrder } from './load-worker.ts';
import type { WitnessAnswer, WitnessOrder } from './witness.ts';

/** A request and the limit it was asked of. */
export interface SeenOfLimit extends Seen {
  readonly id: string;
  readonly limit: string;
}

const workerCount = 2;
const warmUpMs = 2000;

/** Three gateways and what they count in, load from two processes, and a backend that bears witness. */
export class ChaosCluster<On extends Ground> {
  readonly ground: On;
  readonly gateways: readonly GatewayProcess[];
  readonly #witness: AnsweringProcess<WitnessOrder, WitnessAnswer>;
  readonly #workers: readonly AnsweringProcess<LoadOrder, LoadAnswer>[];
  readonly #home: TestHome;
  readonly #folder: string;

  private constructor(parts: {
    readonly ground: On;
    readonly gateways: readonly GatewayProcess[];
    readonly witness: AnsweringProcess<WitnessOrder, WitnessAnswer>;
    readonly home: TestHome;
    readonly folder: string;
  }) {
    this.ground = parts.ground;
    this.gateways = parts.gateways;
    this.#witness = parts.witness;
    this.#home = parts.home;
    this.#folder = parts.folder;
    const file = new URL('./load-worker.ts', import.meta.url);
    this.#workers = Array.from({ length: workerCount }, () =>
      AnsweringProcess.start<LoadOrder, LoadAnswer>(file),
    );
  }

  /** Closes the ground in the end, too. */
  static async start<On extends Ground>(ground: On, onFailure: OnFailure): Promise<ChaosCluster<On>> {
    const file = new URL('./witness.ts', import.meta.url);
    const witness = AnsweringProcess.start<WitnessOrder, WitnessAnswer>(file);
    const deployment = `${ground.deployment}[sluice.store]\non_failure = "${onFailure}"\n`;
    const home = new TestHome(homeWith(deployment, (await witness.ask('port')) as number));
    const folder = mkdtempSync(join(tmpdir(), 'sluice-chaos-'));
    const gateways: GatewayProcess[] = [];
    for (let index = 0; index < gatewayCount; index += 1) {
      const ports = { port: await freePort(), adminPort: await freePort() };
      const more = ground.startWith(index);
      gateways.push(new GatewayProcess({ id: `gw${index + 1}`, home: home.path, folder, ...ports, ...more }));
    }
    const cluster = new ChaosCluster({ ground, gateways, witness, home, folder });
    try {
      await Promise.all(gateways.map((gateway) => gateway.start()));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Whether every gateway says it counts exactly and knows all the others; one that was killed may still be counted. */
  isReady(): Promise<boolean> {
    return allCountExactly(this.gateways, gatewayCount);
  }

  async beginLoad(idPrefix: string): Promise<void> {
    await this.#witness.ask('take');
    const urls = this.gateways.map(({ url }) => url);
    const begin = (index: number): LoadOrder => ({
      begin: { urls, idPrefix: `${idPrefix}${index}`, offers: offers(workerCount) },
    });
    await Promise.all(this.#workers.map((worker, index) => worker.ask(begin(index))));
  }

  /** Serves for a while: fresh processes compile as they go, and that isn't what a fault's waits should tell. */
  async warmUp(): Promise<void> {
    await this.beginLoad('warm-up');
    await sleep(warmUpMs);
    await this.endLoad();
  }

  /** Waits for all answers; gives what the clients and the backend saw. */
  async endLoad(): Promise<readonly SeenOfLimit[]> {
    const asked = (await Promise.all(this.#workers.map((worker) => worker.ask({ end: true })))).flat();
    const arrivals = (await this.#witness.ask('take')) as Exclude<WitnessAnswer, number>;
    const arrivalsOf = Map.groupBy(arrivals, ([id]) => id);
    const ids = new Set(asked.map(({ id }) => id));
    const unknown = arrivals.filter(([id]) => !ids.has(id)).length;
    if (unknown > 0) throw new Error(`${unknown} requests arrived that no client of this load has sent`);
    return asked.map(({ id, limit, sentMs, endedMs, outcome }) => {
      return {
        id,
        limit,
        sentMs,
        endedMs,
        outcome,
        arrivalsMs: (arrivalsOf.get(id) ?? []).map(([, atMs]) => atMs),
      };
    });
  }

  /** Ends everything it started. */
  async stop(): Promise<void> {
    this.ground.calm();
    await Promise.all(this.gateways.map((gateway) => gateway.end('SIGTERM')));
    await Promise.all([...this.#workers, this.#witness].map((one) => one.stop()));
    await this.ground.close();
    this.#home.remove();
    rmSync(this.#folder, { recursive: true });
  }
}
