import { Child } from '../../src/cli/demo/child.ts';
import type { RedisServer } from './redis-server.ts';

/** Gateways as separate processes on one home, each on free ports. */
export class Gateways {
  readonly urls: readonly string[];
  readonly adminUrls: readonly string[];
  readonly children: readonly Child[];

  private constructor(children: readonly Child[]) {
    this.children = children;
    const ports = children.map(({ listening }) => {
      if ('socketPath' in listening) throw new Error('not a gateway');
      return listening;
    });
    this.urls = ports.map(({ port }) => `http://127.0.0.1:${port}`);
    this.adminUrls = ports.map(({ adminPort }) => `http://127.0.0.1:${adminPort}`);
  }

  /** `environmentOf`: what each gateway finds in its environment besides ours. */
  static async start(
    home: string,
    count: number,
    environmentOf: (index: number) => Readonly<Record<string, string>> = () => ({}),
  ): Promise<Gateways> {
    const args = ['start', '--home', home, '--port', '0', '--admin-port', '0'];
    const children = await Promise.all(
      Array.from({ length: count }, (_, index) => {
        return Child.start([...args, '--gateway-id', `gw${index + 1}`], {
          ...process.env,
          ...environmentOf(index),
        });
      }),
    );
    return new Gateways(children);
  }

  /** One metric of each gateway, 0 where it was never set; `name` with its labels. */
  metric(name: string): Promise<number[]> {
    return Promise.all(
      this.adminUrls.map(async (url) => {
        const text = await (await fetch(`${url}/metrics`)).text();
        const line = text.split('\n').find((one) => one.startsWith(`${name} `));
        return Number(line?.slice(name.length + 1) ?? 0);
      }),
    );
  }

  /** What `/readyz?verbose` says of each gateway. */
  readiness(): Promise<{ readonly state: string; readonly store: string }[]> {
    return Promise.all(
      this.adminUrls.map(async (url) => {
        const response = await fetch(`${url}/readyz?verbose`);
        return (await response.json()) as { state: string; store: string };
      }),
    );
  }

  /** Ends all; gives their exit codes. */
  stop(): Promise<(number | null)[]> {
    return Promise.all(this.children.map((child) => child.stop()));
  }
}

/** The deployment.toml of a cluster that counts in a Redis. */
export function redisDeployment(server: RedisServer, more = ''): string {
  return `
[apim.redis_config]
host = "127.0.0.1"
port = "${server.port}"
gateway_id = "test"

[throttle_properties]
'throttling.distributed.counter.type' = "redis"
${more}`;
}
