import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from '../../src/cli/demo/child.ts';
import { countInRedis, type Counting } from '../support/counting.ts';
import { TestHome } from '../support/test-home.ts';
import { Askers, type InForce, type Tally } from './askers.ts';
import {
  breakFiles,
  filesOf,
  hasGuest,
  isBrokenBefore,
  keysOf,
  varyingUnits,
  varyingWindowMs,
  writeVersion,
} from './versions.ts';
import { WitnessBackend, type Arrival } from './witness-backend.ts';

export interface TrialSetup {
  readonly reloads: number;
  /** One for each gateway: how many threads it has. */
  readonly threads: readonly number[];
}

export interface TrialResult extends Tally {
  readonly refusedFiles: number;
  readonly durationMs: number;
  /** From the wish to the answer, at one gateway. */
  readonly reloadMs: readonly number[];
  readonly constant: { readonly limit: number; readonly arrived: number; readonly ledger: number };
  readonly guest: { readonly arrived: number; readonly ledger: number };
  /** Whole windows of the limit that goes up and down, and how many of them had more than it ever allowed then. */
  readonly varying: { readonly windows: number; readonly full: number; readonly over: readonly string[] };
  /** Of each gateway, after a tenth of the reloads and at the end. */
  readonly memoryMiB: readonly (readonly [number, number])[];
}

interface Written {
  readonly version: number;
  readonly fromMs: number;
  /** Until when some gateway may have gone by it. */
  untilMs: number;
}

const settleMs = 1500;

/** Gateways on one Redis whose files change again and again while they serve. Everything that should not happen is in what it gives. */
export async function runTrial({ reloads, threads }: TrialSetup): Promise<TrialResult> {
  const counting = await countInRedis();
  const backend = await WitnessBackend.start();
  const constantUnits = 12 * reloads;
  const home = new TestHome(filesOf(counting.deployment, { port: backend.port, constantUnits }));
  writeVersion(home, backend.port, 0);
  const gateways = await Promise.all(
    threads.map((count, index) => {
      const own = ['--port', '0', '--admin-port', '0', '--gateway-id', `gw${index + 1}`];
      return Child.start(['start', '--home', home.path, '--no-watch', ...own, '--threads', String(count)]);
    }),
  );
  try {
    return await new Trial({ counting, backend, home, gateways, reloads, constantUnits }).run();
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    backend.close();
    await counting.close();
    home.remove();
  }
}

interface Ground {
  readonly counting: Counting;
  readonly backend: WitnessBackend;
  readonly home: TestHome;
  readonly gateways: readonly Child[];
  readonly reloads: number;
  readonly constantUnits: number;
}

class Trial {
  readonly #ground: Ground;
  readonly #written: Written[] = [];
  readonly #confirmed: number[];
  readonly #reloadMs: number[] = [];
  readonly #slow: Promise<void>[] = [];
  readonly #askers: Askers;
  #refusedFiles = 0;

  constructor(ground: Ground) {
    this.#ground = ground;
    this.#confirmed = ground.gateways.map(() => 0);
    this.#noteWritten(0);
    this.#askers = new Askers(
      ground.gateways.map((gateway) => `http://127.0.0.1:${portsOf(gateway).port}`),
      () => this.#inForce,
    );
  }

  async run(): Promise<TrialResult> {
    const { reloads, gateways, constantUnits, counting, backend } = this.#ground;
    const startMs = performance.now();
    let early = gateways.map(memoryMiB);
    for (let version = 1; version <= reloads; version += 1) {
      await this.#reload(version);
      if (version === Math.ceil(reloads / 10)) early = gateways.map(memoryMiB);
    }
    await Promise.all(this.#slow);
    await this.#askers.end();
    const durationMs = performance.now() - startMs;
    const memory = gateways.map((gateway, index): [number, number] => [
      early[index] ?? 0,
      memoryMiB(gateway),
    ]);
    await this.#useUpConstant();
    await sleep(settleMs);
    return {
      ...this.#askers.tally,
      refusedFiles: this.#refusedFiles,
      durationMs,
      reloadMs: this.#reloadMs,
      constant: {
        limit: constantUnits,
        arrived: backend.of('constant').length,
        ledger: await counting.used(keysOf.constant),
      },
      guest: {
        arrived: backend.of('guest').length + backend.of('slow').length,
        ledger: await counting.used(keysOf.guest),
      },
      varying: judgeVarying(backend.of('varying'), this.#written),
      memoryMiB: memory,
    };
  }

  get #inForce(): InForce {
    return { confirmed: this.#confirmed, written: this.#written.at(-1)?.version ?? 0 };
  }

  async #reload(version: number): Promise<void> {
    const { home, backend, gateways } = this.#ground;
    if (isBrokenBefore(version)) {
      breakFiles(home, version);
      const statuses = await Promise.all(gateways.map((gateway) => this.#post(gateway)));
      if (statuses.some((status) => status !== 422)) this.#wrong(`broken files: ${statuses.join(', ')}`);
      this.#refusedFiles += 1;
      home.write(
        'applications/Some.yaml',
        filesOf('', { port: 0, constantUnits: 0 })['applications/Some.yaml'] ?? '',
      );
    }
    const leaves = hasGuest(version - 1) && !hasGuest(version);
    if (leaves) for (const index of gateways.keys()) this.#slow.push(this.#askers.askSlowly(index));
    if (leaves) await sleep(50);
    this.#noteWritten(version);
    writeVersion(home, backend.port, version);
    // Some are told in both ways.
    if (version % 5 === 0) for (const gateway of gateways) gateway.kill('SIGHUP');
    await Promise.all(
      gateways.map(async (gateway, index) => {
        const status = await this.#post(gateway);
        if (status !== 200) this.#wrong(`reload of version ${version}: ${status}`);
        this.#confirmed[index] = version;
      }),
    );
    for (const written of this.#written)
      if (written.version < version) written.untilMs = Math.min(written.untilMs, Date.now());
  }

  async #post(gateway: Child): Promise<number> {
    const startMs = performance.now();
    const url = `http://127.0.0.1:${portsOf(gateway).adminPort}/reload`;
    const response = await fetch(url, { method: 'POST' });
    await response.arrayBuffer();
    this.#reloadMs.push(performance.now() - startMs);
    return response.status;
  }

  #noteWritten(version: number): void {
    this.#written.push({ version, fromMs: Date.now(), untilMs: Infinity });
  }

  /** Asks until nothing is left anywhere, nor comes back from a lease. */
  async #useUpConstant(): Promise<void> {
    const { gateways } = this.#ground;
    const enough = 40;
    for (let refused = 0, turn = 0; refused < enough; turn += 1) {
      const admits = await this.#askers.admitsConstant(turn % gateways.length);
      refused = admits ? 0 : refused + 1;
      if (!admits) await sleep(10);
    }
  }

  #wrong(what: string): void {
    this.#askers.tally.wrong.push(what);
  }
}

/** Units of a window that some version may have allowed, against those that certainly were spent in it. */
function judgeVarying(arrivals: readonly Arrival[], written: readonly Written[]): TrialResult['varying'] {
  const counts = new Map<number, number>();
  for (const { sentMs, atMs } of arrivals) {
    const window = Math.floor(sentMs / varyingWindowMs);
    if (window === Math.floor(atMs / varyingWindowMs)) counts.set(window, (counts.get(window) ?? 0) + 1);
  }
  const over: string[] = [];
  let full = 0;
  for (const [window, count] of counts) {
    const [fromMs, untilMs] = [window * varyingWindowMs, (window + 1) * varyingWindowMs];
    const possible = written.filter((one) => one.fromMs < untilMs && one.untilMs >= fromMs);
    const allowed = Math.max(...possible.map(({ version }) => varyingUnits(version)));
    if (count > allowed) over.push(`${count} of ${allowed}`);
    if (count >= Math.min(...possible.map(({ version }) => varyingUnits(version)))) full += 1;
  }
  return { windows: counts.size, full, over };
}

function portsOf({ listening }: Child): { readonly port: number; readonly adminPort: number } {
  if ('socketPath' in listening) throw new Error('not a gateway');
  return listening;
}

function memoryMiB({ pid }: Child): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kib) / 1024);
}
