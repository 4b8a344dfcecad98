import { sluice, type Run } from '../support/sluice.ts';
import { apiProject, application, subscriptionPolicy, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const killer = new URL('../support/thread-killer.ts', import.meta.url).href;
export const embedded: string = '[throttle_properties]\n\'throttling.distributed.counter.type\' = "local"\n';

/** A gateway of two threads as a process of its own. */
export class TwoThreads {
  readonly #run: Run;

  constructor(home: string, env: Readonly<Record<string, string>>) {
    const args = [
      'start',
      '--home',
      home,
      '--port',
      '0',
      '--admin-port',
      '0',
      '--threads',
      '2',
      '--no-watch',
    ];
    this.#run = sluice(args, { ...env, NODE_OPTIONS: `--import=${killer}` });
  }

  async serving(): Promise<this> {
    await until(() => this.said.includes('admin on'), 30_000);
    await until(async () => (await this.admin('/readyz')).status === 200, 30_000);
    return this;
  }

  get said(): string {
    return this.#run.said();
  }

  get url(): string {
    return `http://127.0.0.1:${/serving .*:(\d+)\n/.exec(this.said)?.[1]}`;
  }

  admin(path: string, method = 'GET'): Promise<Response> {
    return fetch(`http://127.0.0.1:${/admin on .*:(\d+),/.exec(this.said)?.[1]}${path}`, { method });
  }

  async metric(name: string): Promise<number> {
    const text = await (await this.admin('/metrics')).text();
    const values = text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  signal(signal: NodeJS.Signals): void {
    this.#run.signal(signal);
  }

  async end(): Promise<{ readonly code: number | null; readonly stdout: string }> {
    this.signal('SIGTERM');
    return this.#run.ended;
  }
}

let running: TwoThreads[] = [];
let homes: TestHome[] = [];

export function open(home: TestHome, env: Readonly<Record<string, string>> = {}): Promise<TwoThreads> {
  const gateway = new TwoThreads(home.path, env);
  running.push(gateway);
  return gateway.serving();
}

/** After each test. */
export async function close(): Promise<void> {
  await Promise.all(running.map((gateway) => gateway.end()));
  for (const home of homes) home.remove();
  running = [];
  homes = [];
}

/** For a test that ends its gateways itself. */
export function leaveRunning(): void {
  running = [];
}

export function homeOf(deployment: string, port: number, plan: string): TestHome {
  const home = new TestHome({
    'repository/conf/deployment.toml': deployment,
    'apis/Open.yaml': apiProject({ name: 'Open', production: port, policies: ['Plan'] }),
    'policies/Plan.yaml': plan,
    'applications/Some.yaml': application('Some', { Open: 'Plan' }),
  });
  homes.push(home);
  return home;
}

export const perHour = (units: number): string => subscriptionPolicy('Plan', { perHour: units });
export const path: string = '/open/1.0.0/x';
export const apiKey: string = 'Some-production';
