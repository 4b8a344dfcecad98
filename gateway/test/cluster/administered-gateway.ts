import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SharedStatus } from '../../src/home/shared-status.ts';
import { sluice, type Run } from '../support/sluice.ts';
import type { TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const token = 'a-token-of-the-tests';
/** The tokens file of its home. */
export const tokens: string = `[[token]]
name = "tests"
sha256 = "${createHash('sha256').update(token).digest('hex')}"
scopes = ["apim:admin"]
`;

/** A gateway with a home of its own, asked by the admin REST API. */
export class AdministeredGateway {
  readonly home: TestHome;
  readonly threads: number;
  run: Run | undefined;

  constructor(home: TestHome, threads = 1) {
    this.home = home;
    this.threads = threads;
  }

  async start(): Promise<void> {
    const args = ['start', '--home', this.home.path, '--port', '0', '--admin-port', '0', '--no-watch'];
    const run = sluice([...args, '--threads', String(this.threads)]);
    this.run = run;
    await until(() => run.said().includes('admin on'));
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.run?.signal(signal);
    await this.run?.ended;
  }

  said(): string {
    return this.run?.said() ?? '';
  }

  get url(): string {
    return (/on (http:\/\/\S+)/.exec(this.said())?.[1] ?? '').replace('0.0.0.0', '127.0.0.1');
  }

  get adminUrl(): string {
    return /admin on (http:\/\/\S+),/.exec(this.said())?.[1] ?? '';
  }

  async ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: PolicyAnswer }> {
    const response = await fetch(`${this.adminUrl}/api/am/admin/v4${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as PolicyAnswer };
  }

  async shared(): Promise<SharedStatus> {
    const response = await fetch(`${this.adminUrl}/readyz?verbose`);
    return ((await response.json()) as { shared: SharedStatus }).shared;
  }

  /** Asks once; gives the status. */
  async send(): Promise<number> {
    const response = await fetch(`${this.url}/open/1.0.0/x`, { headers: { ApiKey: 'Some-production' } });
    await response.arrayBuffer();
    return response.status;
  }

  text(path: string): string | undefined {
    const full = join(this.home.path, path);
    return existsSync(full) ? readFileSync(full, 'utf8') : undefined;
  }
}

interface PolicyAnswer {
  readonly policyId: string;
  readonly conditionId: string;
  readonly list: readonly { readonly uuid: string; readonly policyName: string }[];
}
