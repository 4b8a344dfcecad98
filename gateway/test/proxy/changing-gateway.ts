import { WebSocketServer, type WebSocket } from 'ws';
import type { TokenIssuer } from '../../src/config/token-settings.ts';
import type { Verdict } from '../../src/limiter/verdict.ts';
import type { Api } from '../../src/policy/catalogue.ts';
import type { Charge } from '../../src/policy/plan.ts';
import type { ServedConfig } from '../../src/proxy/serving.ts';
import { issuerOf, KeyServer, Signer } from '../support/signer.ts';
import { openTalk, type Talk } from '../support/talk.ts';
import { admitAll, RunningGateway } from './running-gateway.ts';
import { backendAt, limitOf, operationOf, sampleApi, sampleApplication, sampleConfig } from './sample.ts';

export const signer: Signer = new Signer();

export let gateway: RunningGateway;
export let server: WebSocketServer;
export let keys: KeyServer;
let api: Api;
const clients: WebSocket[] = [];
/** Events that were paid, by the limit that was in force. */
export const paid: number[] = [];
export let decide: (charge: Charge) => Verdict;

/** Before each test. */
export async function begin(): Promise<void> {
  keys = await KeyServer.start(signer);
  paid.length = 0;
  decide = (charge) => {
    paid.push(charge.limit.quota);
    return admitAll([charge]);
  };
}

/** After each test. */
export async function close(): Promise<void> {
  for (const client of clients.splice(0)) client.terminate();
  server.close();
  for (const client of server.clients) client.terminate();
  await gateway.close();
  await keys.close();
}

/** How events are decided from now on. */
export function decideBy(by: typeof decide): void {
  decide = by;
}

export interface Change {
  readonly api?: Partial<Api>;
  /** Events that may pass; undefined where none are counted. */
  readonly events?: number | undefined;
  readonly state?: 'active' | 'blocked';
  readonly issuers?: readonly TokenIssuer[];
  readonly more?: Partial<ServedConfig>;
}

export function configOf(change: Change): ServedConfig {
  const { events, state = 'active', issuers = [issuerOf({ jwksUrl: keys.url })] } = change;
  const changed = { ...api, ...change.api };
  const quotas = events === undefined ? [] : [{ measure: 'events' as const, limit: limitOf(events) }];
  const application = sampleApplication(changed, {
    consumerKeys: [{ keyType: 'PRODUCTION', consumerKey: 'mobile-prod', keyManager: 'Resident Key Manager' }],
    tier: { name: 'Unlimited' },
    subscriptions: [{ api: changed, tier: { name: 'Plan', quotas }, state }],
  });
  const tokens = { issuers, revoked: [], forwarded: false };
  return sampleConfig({ apis: [changed], applications: [application], tokens, ...change.more });
}

/** A gateway with a WebSocket API, /orders/1.0.0, whose backend sends back what it hears. */
export async function start(change: Change = { events: 5 }): Promise<void> {
  gateway = await RunningGateway.start({
    config: (url) => {
      api = sampleApi({
        operations: [operationOf('/*', '*')],
        backends: { PRODUCTION: backendAt(url) },
        tokens: { header: 'authorization', audiences: [], keyManagers: [] },
        webSocket: true,
      });
      return configOf(change);
    },
  });
  gateway.decide = (charges) => {
    const [first] = charges;
    return first?.measure === 'events' && first.cost > 0 ? decide(first) : admitAll(charges);
  };
  server = new WebSocketServer({ server: gateway.backend });
  server.on('connection', (socket) => socket.on('message', (data: Buffer) => socket.send(data.toString())));
}

export async function open(
  headers: Readonly<Record<string, string>> = { ApiKey: 'mobile-key' },
): Promise<Talk> {
  const talk = await openTalk(`${gateway.url}/orders/1.0.0/chat`, headers);
  clients.push(talk.client);
  return talk;
}
