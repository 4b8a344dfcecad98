import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../limits/clock.ts';
import { Child } from './child.ts';
import { startEchoBackend, type EchoBackend } from './echo-backend.ts';

export interface ClusterSettings {
  /** The example home; it is copied, never changed. */
  readonly home: string;
  /** The backends' ports that its API projects name. */
  readonly backendPorts: readonly number[];
  readonly gateways: number;
  /** Where the counters are; without it, in a process of the cluster's own. */
  readonly redisUrl?: string;
  /** The first gateway's port, the others follow; without it, any free ports. */
  readonly firstPort?: number;
  readonly clock: Clock;
}

export interface RunningGateway {
  readonly url: string;
  readonly adminUrl: string;
}

/** Gateways as separate processes on one home and one set of counters, with echo backends in this process. */
export class Cluster {
  readonly gateways: readonly RunningGateway[];
  /** By the port that the example's API projects name. */
  readonly backends: ReadonlyMap<number, EchoBackend>;
  readonly #children: readonly Child[];
  readonly #folder: string;

  private constructor(parts: {
    readonly folder: string;
    readonly children: readonly Child[];
    readonly gateways: readonly RunningGateway[];
    readonly backends: ReadonlyMap<number, EchoBackend>;
  }) {
    this.#folder = parts.folder;
    this.#children = parts.children;
    this.gateways = parts.gateways;
    this.backends = parts.backends;
  }

  /** Starts everything; when a part fails, ends the others and rejects. */
  static async start(settings: ClusterSettings): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-demo-'));
    const home = join(folder, 'home');
    const children: Child[] = [];
    const backends = new Map<number, EchoBackend>();
    const gateways: RunningGateway[] = [];
    const cluster = new Cluster({ folder, children, gateways, backends });
    try {
      for (const port of settings.backendPorts) {
        backends.set(port, await startEchoBackend(() => settings.clock.monotonicMs()));
      }
      copyHome(settings.home, home, backends);
      const socketPath = join(folder, 'counters.sock');
      if (settings.redisUrl === undefined)
        children.push(await Child.start(['counters', '--socket', socketPath]));
      const store = settings.redisUrl ?? `unix:${socketPath}`;
      const starting = Array.from({ length: settings.gateways }, (_, index) => {
        const port = settings.firstPort === undefined ? 0 : settings.firstPort + index;
        const adminPort = settings.firstPort === undefined ? 0 : settings.firstPort + 810 + index;
        const ports = ['--port', String(port), '--admin-port', String(adminPort)];
        return Child.start([
          'start',
          '--home',
          home,
          '--store',
          store,
          '--gateway-id',
          `gw${index + 1}`,
          ...ports,
        ]);
      });
      const started = await Promise.allSettled(starting);
      for (const one of started) if (one.status === 'fulfilled') children.push(one.value);
      for (const one of started) if (one.status === 'rejected') throw one.reason;
      for (const { listening } of children) {
        if (!('port' in listening)) continue;
        const url = `http://127.0.0.1:${listening.port}`;
        gateways.push({ url, adminUrl: `http://127.0.0.1:${listening.adminPort}` });
      }
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Rejects when a process of the cluster ends by itself. */
  async untilOneEnds(): Promise<never> {
    await Promise.race(this.#children.map(({ ended }) => ended));
    throw new Error('a process of the cluster ended by itself');
  }

  /** Ends gateways first, so that they can give their leases back, then counters and backends. */
  async stop(): Promise<void> {
    await Promise.all(
      this.#children.filter(({ listening }) => 'port' in listening).map((child) => child.stop()),
    );
    await Promise.all(this.#children.map((child) => child.stop()));
    await Promise.all([...this.backends.values()].map((backend) => backend.close()));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Copies a home and lets its API projects name the ports that the backends really have. */
function copyHome(from: string, to: string, backends: ReadonlyMap<number, EchoBackend>): void {
  cpSync(from, to, { recursive: true });
  for (const path of globSync('apis/**/*.{yaml,yml,json}', { cwd: to })) {
    const text = readFileSync(join(to, path), 'utf8');
    const rewritten = text.replaceAll(
      /(http:\/\/127\.0\.0\.1:)(\d+)/g,
      (found, before: string, port: string) => {
        const backend = backends.get(Number(port));
        return backend === undefined ? found : `${before}${backend.port}`;
      },
    );
    writeFileSync(join(to, path), rewritten);
  }
}
