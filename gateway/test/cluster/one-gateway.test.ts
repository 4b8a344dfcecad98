import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEchoBackend, type EchoBackend } from '../../src/cli/demo/echo-backend.ts';
import { Gateways } from '../support/gateways.ts';
import { accepts } from '../support/ports.ts';
import { apiProject, application, subscriptionPolicy, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const localDeployment = '[throttle_properties]\n\'throttling.distributed.counter.type\' = "local"\n';

async function statuses(url: string, apiKey: string, times: number): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < times; i += 1) {
    const response = await fetch(url, { headers: { ApiKey: apiKey } });
    await response.arrayBuffer();
    all.push(response.status);
  }
  return all;
}

describe('gateways that count on their own', () => {
  let backend: EchoBackend;
  let home: TestHome;
  let gateways: Gateways;

  beforeAll(async () => {
    backend = await startEchoBackend(() => performance.now());
    home = new TestHome({
      'deployment.toml': localDeployment,
      'apis/Open.yaml': apiProject({ name: 'Open', production: backend.port, policies: ['Five'] }),
      'policies/Five.yaml': subscriptionPolicy('Five', { perHour: 5 }),
      'applications/Few.yaml': application('Few', { Open: 'Five' }),
    });
    gateways = await Gateways.start(home.path, 3);
  });
  afterAll(async () => {
    await gateways?.stop();
    await backend?.close();
    home?.remove();
  });

  test('each has its own count', async () => {
    for (const url of gateways.urls) {
      const seen = await statuses(`${url}/open/1.0.0/x`, 'Few-production', 7);
      expect(seen).toEqual([200, 200, 200, 200, 200, 429, 429]);
    }
    expect(backend.arrivalsMs.length).toBe(15);
  });
});

describe('a gateway that is told to end', () => {
  let backend: Server;
  let answer: () => void;
  let home: TestHome;

  beforeAll(async () => {
    backend = createServer((request, response) => {
      request.resume();
      answer = () => response.end('late but whole');
    });
    backend.listen(0, '127.0.0.1');
    await once(backend, 'listening');
    const address = backend.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    home = new TestHome({
      'deployment.toml': localDeployment,
      'apis/Open.yaml': apiProject({ name: 'Open', production: address.port, policies: ['Gold'] }),
      'applications/Some.yaml': application('Some', { Open: 'Gold' }),
    });
  });
  afterAll(() => {
    backend.closeAllConnections();
    backend.close();
    home.remove();
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s: ends running requests, refuses new ones, exits 0',
    async (signal) => {
      const gateways = await Gateways.start(home.path, 1);
      const [child] = gateways.children;
      const port = Number(new URL(gateways.urls[0]!).port);
      answer = () => {};
      const running = fetch(`${gateways.urls[0]}/open/1.0.0/slow`, {
        headers: { ApiKey: 'Some-production' },
      });
      const untouched = answer;
      await until(() => answer !== untouched);
      child!.kill(signal);
      await until(async () => !(await accepts(port)));
      answer();
      const response = await running;
      expect(response.status).toBe(200);
      expect(response.headers.get('connection')).toBe('close');
      expect(await response.text()).toBe('late but whole');
      await child!.ended;
      expect(await gateways.stop()).toEqual([0]);
    },
  );
});
