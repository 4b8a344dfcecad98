import type { Charge } from '../../src/policy/plan.ts';
import { requestQuota } from '../../src/policy/measure.ts';
import type { GraphqlBounds } from '../../src/policy/tiers.ts';
import { admitAll, type Echoed, echoed, type GatewaySetup, RunningGateway } from './running-gateway.ts';
import { apiKey, backendAt, gold, limitOf, operationOf, sampleApi, sampleConfig } from './sample.ts';

export const schema: string = `
type Query { languages: [Language!]! country(code: ID): Country free: String unlisted: String }
type Mutation { add(code: ID!): Language }
type Language { code: ID! name: String countries(first: Int): [Country] }
type Country { name: String languages: [Language] }
`;

export let gateway: RunningGateway | undefined;
export const charged: (readonly Charge[])[] = [];

/** After each test. */
export async function close(): Promise<void> {
  charged.length = 0;
  await gateway?.close();
  gateway = undefined;
}

export async function startWith(config: NonNullable<GatewaySetup['config']>): Promise<RunningGateway> {
  gateway = await RunningGateway.start({ config });
  return gateway;
}

export async function start(bounds: GraphqlBounds = {}, withOperations = true): Promise<RunningGateway> {
  const policy = (name: string) => ({ policy: { name, limits: [requestQuota(limitOf(1000))] } });
  const operations = [
    operationOf('/languages', 'QUERY', policy('OfLanguages')),
    operationOf('/country', 'QUERY', policy('OfCountry')),
    operationOf('/add', 'MUTATION'),
    operationOf('/free', 'QUERY', { open: true }),
  ];
  const gateway = await startWith((url) => {
    const api = sampleApi({
      name: 'Languages',
      context: '/gql',
      basePaths: ['/gql/1.0.0'],
      operations: withOperations ? operations : [],
      graphql: { schema, complexity: new Map([['Query.languages', 5]]) },
      backends: { PRODUCTION: backendAt(url, limitOf(1000)) },
    });
    const tier = { ...gold, graphql: bounds };
    const application = {
      id: 'a',
      name: 'a',
      owner: 'o',
      tier: { name: 'T', quotas: [requestQuota(limitOf(50))], burst: limitOf(5) },
      apiKeys: [apiKey('mobile-key')],
      subscriptions: [{ api, tier, state: 'active' as const }],
    };
    return sampleConfig({ apis: [api], applications: [application] });
  });
  gateway.decide = (charges) => {
    charged.push(charges);
    return admitAll(charges);
  };
  return gateway;
}

interface Asked {
  readonly status: number;
  readonly limits?: string | null;
  readonly code?: string;
  readonly description?: string;
  readonly echo?: Echoed;
}

export interface Init extends Omit<RequestInit, 'headers'> {
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export async function ask(path: string, init: Init = {}): Promise<Asked> {
  const { key = 'mobile-key', headers = {}, ...more } = init;
  const response = await fetch(`${gateway!.url}/gql/1.0.0${path}`, {
    headers: { ...(key !== '' && { ApiKey: key }), ...headers },
    ...more,
  });
  const text = await response.text();
  if (response.status === 200)
    return { status: 200, echo: echoed(text), limits: response.headers.get('ratelimit-policy') };
  const { code, description } = JSON.parse(text) as Record<string, string>;
  return { status: response.status, code: code!, description: description! };
}

export const post = (body: unknown, more: Init = {}): Promise<Asked> =>
  ask('', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...more,
  });
