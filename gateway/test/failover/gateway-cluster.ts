import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AnsweringProcess } from '../chaos/answering-process.ts';
import { allCountExactly, GatewayProcess } from '../chaos/gateway-process.ts';
import type { Seen } from '../chaos/judge.ts';
import { homeWith, offers } from '../chaos/limits.ts';
import type { LoadAnswer, LoadOrder } from '../chaos/load-worker.ts';
import type { WitnessAnswer, WitnessOrder } from '../chaos/witness.ts';
import { freePort } from '../support/ports.ts';
import { TestHome } from '../support/test-home.ts';

/** A request as its client, the backend and its gateway's access log saw it. */
export interface Request extends Seen {
  readonly limit: string;
  /** Whether the store took part in the decision. */
  readonly certain: boolean | undefined;
  readonly limiterMs: number | undefined;
}

const gatewayCount = 3;
const workerCount = 2;

/** Three gateways on one home, load from two processes, and a backend that bears witness. */
export class GatewayCluster {
  readonly gateways: readonly GatewayProcess[];
  readonly #witness: AnsweringProcess<WitnessOrder, WitnessAnswer>;
  readonly #workers: readonly AnsweringProcess<LoadOrder, LoadAnswer>[];
  readonly #home: TestHome;
  readonly #folder: string;

  private constructor(parts: {
    readonly gateways: readonly GatewayProcess[];
    readonly witness: AnsweringProcess<WitnessOrder, WitnessAnswer>;
    readonly home: TestHome;
    readonly folder: string;
  }) {
    this.gateways = parts.gateways;
    this.#witness = parts.witness;
    this.#home = parts.home;
    this.#folder = parts.folder;
    const file = new URL('../chaos/load-worker.ts', import.meta.url);
    this.#workers = Array.from({ length: workerCount }, () =>
      AnsweringProcess.start<LoadOrder, LoadAnswer>(file),
    );
  }

  static async start(deployment: string): Promise<GatewayCluster> {
    const file = new URL('../chaos/witness.ts', import.meta.url);
    const witness = AnsweringProcess.start<WitnessOrder, WitnessAnswer>(file);
    const home = new TestHome(homeWith(deployment, (await witness.ask('port')) as number));
    const folder = mkdtempSync(join(tmpdir(), 'sluice-failover-'));
    const gateways: GatewayProcess[] = [];
    for (let index = 0; index < gatewayCount; index += 1) {
      const ports = { port: await freePort(), adminPort: await freePort() };
      gateways.push(new GatewayProcess({ id: `gw${index + 1}`, home: home.path, folder, ...ports }));
    }
    const cluster = new GatewayCluster({ gateways, witness, home, folder });
    try {
      await Promise.all(gateways.map((gateway) => gateway.start()));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Whether every gateway says it counts exactly and knows all the others. */
  isReady(): Promise<boolean> {
    return allCountExactly(this.gateways, gatewayCount);
  }

  async beginLoad(idPrefix: string): Promise<void> {
    await this.#witness.ask('take');
    for (const gateway of this.gateways) gateway.takeLog();
    const urls = this.gateways.map(({ url }) => url);
    const begin = (index: number): LoadOrder => ({
      begin: { urls, idPrefix: `${idPrefix}w${index}`, offers: offers(workerCount) },
    });
    await Promise.all(this.#workers.map((worker, index) => worker.ask(begin(index))));
  }

  /** Waits for all answers; gives what clients, backend and access logs tell. */
  async endLoad(): Promise<readonly Request[]> {
    const asked = (await Promise.all(this.#workers.map((worker) => worker.ask({ end: true })))).flat();
    await sleep(200);
    const arrivals = (await this.#witness.ask('take')) as Exclude<WitnessAnswer, number>;
    const arrivalsOf = Map.groupBy(arrivals, ([id]) => id);
    const told = new Map(
      this.gateways.flatMap((gateway) =>
        gateway.takeLog().map((line) => {
          const { activityid, certain, limiterMs } = JSON.parse(line) as Request & { activityid: string };
          return [activityid, { certain, limiterMs }] as const;
        }),
      ),
    );
    return asked.map(({ id, limit, sentMs, endedMs, outcome }) => {
      const { certain, limiterMs } = told.get(id) ?? {};
      return {
        limit,
        sentMs,
        endedMs,
        outcome,
        arrivalsMs: (arrivalsOf.get(id) ?? []).map(([, atMs]) => atMs),
        certain,
        limiterMs,
      };
    });
  }

  /** What gateways wrote to stderr that no healthy one writes. */
  complaints(): readonly string[] {
    return this.gateways.flatMap((gateway) => gateway.takeComplaints());
  }

  get crashes(): number {
    return this.gateways.reduce((sum, { crashes }) => sum + crashes, 0);
  }

  async stop(): Promise<void> {
    await Promise.all(this.gateways.map((gateway) => gateway.end('SIGTERM')));
    await Promise.all([...this.#workers, this.#witness].map((one) => one.stop()));
    this.#home.remove();
    rmSync(this.#folder, { recursive: true });
  }
}
