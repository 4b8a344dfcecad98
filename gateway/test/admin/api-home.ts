import { createHash } from 'node:crypto';
import { startAdmin, type Admin } from '../../src/admin/server.ts';
import { Authority } from '../../src/admin/api/authority.ts';
import { adminApi } from '../../src/admin/api/admin-api.ts';
import { readHomeConfig } from '../../src/cli/home-config.ts';
import { readHome } from '../../src/cli/read-home.ts';
import { configAside } from '../../src/cli/home-aside.ts';
import { Reloader } from '../../src/cli/reloader.ts';
import { adminScopes, type AdminToken, type Config } from '../../src/config/config.ts';
import { HomeChanges } from '../../src/home/home-changes.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { apiProject, application, subscriptionPolicy, TestHome } from '../support/test-home.ts';

/** A token for each scope, and one for all: each is the name of its scope. */
const tokens: readonly AdminToken[] = adminScopes.map((scope) => ({
  name: scope,
  sha256: createHash('sha256').update(scope).digest('hex'),
  scopes: [scope],
}));

export const policies = '/throttling/policies';

/** A policy's limit, as requests carry it. */
export const perMinute = (requestCount: number): object => ({
  type: 'REQUESTCOUNTLIMIT',
  requestCount: { timeUnit: 'min', unitTime: 1, requestCount },
  bandwidth: null,
});

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed where it is JSON; whatever a test looks for may be missing. */
  readonly body: Body;
}

export interface Policy {
  readonly policyId: string;
  readonly policyName: string;
  readonly uuid: string;
  readonly conditionId: string;
  readonly type: string;
  readonly defaultLimit: object;
  readonly conditionStatus: boolean;
}

interface Body extends Policy {
  readonly count: number;
  readonly list: readonly Policy[];
  readonly data: Policy;
  readonly code: number;
  readonly message: string;
  readonly description: string;
  readonly error: readonly { readonly code: string; readonly description: string }[];
}

/** The admin REST API over a home in a temporary place, with a gateway that takes over whatever it is given. */
export class ApiHome {
  readonly home: TestHome;
  readonly clock: FakeClock = new FakeClock();
  readonly taken: Config[] = [];
  readonly bugs: unknown[] = [];
  readonly said: string[] = [];
  tokens: readonly AdminToken[] | undefined = tokens;
  takeOver: () => void = () => {};
  #admin: Admin | undefined;

  static async start(files: Readonly<Record<string, string>> = {}): Promise<ApiHome> {
    const one = new ApiHome(files);
    const reportBug = (error: unknown): unknown => one.bugs.push(error);
    const takeOver = (config: Config): Promise<readonly string[]> => {
      one.takeOver();
      one.taken.push(config);
      return Promise.resolve([]);
    };
    const reloader = new Reloader({
      read: () => readHomeConfig(one.home.path),
      first: undefined,
      takeOver,
      reloaded: () => {},
      reportBug,
    });
    const { path } = one.home;
    const changes = new HomeChanges({
      path,
      read: () => readHome(path),
      configOf: (home) => configAside(path, home),
      takeOver,
      inTurn: (turn) => reloader.inTurn(turn),
    });
    one.#admin = await startAdmin({
      host: '127.0.0.1',
      port: 0,
      status: () => ({ serving: true, draining: false, storeUp: true, apis: 1, gateways: 1 }),
      metrics: { contentType: 'text/plain', metrics: () => Promise.resolve('') },
      reload: () => reloader.reload('test'),
      restApi: adminApi({
        home: changes,
        authority: new Authority(() => one.tokens, one.clock),
        changed: (line) => one.said.push(line),
        reportBug,
      }),
      reportBug,
    });
    return one;
  }

  private constructor(files: Readonly<Record<string, string>>) {
    this.home = new TestHome({
      'deployment.toml': '',
      'apis/Open.yaml': apiProject({ name: 'Open', production: 1, policies: ['Plan'] }),
      'policies/Plan.yaml': subscriptionPolicy('Plan', { perHour: 20 }),
      'applications/Some.yaml': application('Some', { Open: 'Plan' }),
      ...files,
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#admin!.port}`;
  }

  async ask(
    method: string,
    path: string,
    more: {
      token?: string;
      body?: unknown;
      headers?: Record<string, string>;
      raw?: RequestInit['body'];
    } = {},
  ): Promise<Answer> {
    const { token = 'apim:admin', body, headers = {}, raw } = more;
    const type = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const response = await fetch(`${this.url}/api/am/admin/v4${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...type, ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(raw !== undefined && { body: raw, duplex: 'half' }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type') === 'application/json' && text !== '';
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: (isJson ? JSON.parse(text) : {}) as Body,
    };
  }

  /** Throws when something went wrong that should not have. */
  async stop(): Promise<void> {
    await this.#admin?.close();
    this.home.remove();
    if (this.bugs.length > 0) throw this.bugs[0];
  }
}
