import { createHmac } from 'node:crypto';
import { Callbacks } from '../support/callbacks.ts';
import { Gateways, redisDeployment } from '../support/gateways.ts';
import { hourWithRoom } from '../support/hour-with-room.ts';
import { RedisServer } from '../support/redis-server.ts';
import { apiProject, application, policyFile, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

export let redis: RedisServer;
export let callbacks: Callbacks;
/** At an address that isn't allowed. */
export let forbidden: Callbacks;
export let home: TestHome;
export let gateways: Gateways;

const hourly = (events: number): string =>
  `{type: EVENTCOUNTLIMIT, eventCount: {timeUnit: hour, unitTime: 1, eventCount: ${events}}}`;

export const topics: readonly string[] = [
  'caps',
  '/forms',
  'leases',
  'intent',
  'fan-out',
  'quota',
  'user',
  'bronze',
  'gone',
  'paid',
  'removed',
  'reloaded',
];

/** The API's file, with so many topics. */
export function hub(of: readonly string[]): string {
  return apiProject({
    name: 'Hub',
    production: 1,
    policies: ['Three', 'None', 'FiveEvents', 'Much', 'AsyncWHBronze', 'AsyncWHUnlimited'],
    more: [
      'type: WEBSUB',
      'websubSubscriptionConfiguration: {enable: true, secret: the-secret-of-the-api, signingAlgorithm: SHA256, signatureHeader: X-Hub-Signature}',
    ],
    operations: `[${of.map((topic) => `{target: ${topic}, verb: SUBSCRIBE}`).join(', ')}]`,
  });
}

/** Before all tests: two gateways on one Redis, and callbacks for them. */
export async function start(): Promise<void> {
  redis = await RedisServer.start();
  callbacks = await Callbacks.start('127.0.0.2');
  forbidden = await Callbacks.start('127.0.0.1');
  home = new TestHome({
    'repository/conf/deployment.toml': redisDeployment(
      redis,
      '[sluice.websub]\ncallback_networks = ["127.0.0.2"]\n',
    ),
    'apis/Hub/api.yaml': hub(topics),
    'policies/Three.yaml': policyFile('subscription', 'Three', hourly(1000), [
      'subscriberCount: 3',
      'stopOnQuotaReach: true',
    ]),
    'policies/None.yaml': policyFile('subscription', 'None', hourly(1000), [
      'subscriberCount: 0',
      'stopOnQuotaReach: true',
    ]),
    'policies/FiveEvents.yaml': policyFile('subscription', 'FiveEvents', hourly(5), [
      'stopOnQuotaReach: true',
    ]),
    'policies/Much.yaml': policyFile('subscription', 'Much', hourly(1000), ['stopOnQuotaReach: true']),
    'policies/SevenEvents.yaml': policyFile('application', 'SevenEvents', hourly(7)),
    'policies/FourRequests.yaml': policyFile(
      'application',
      'FourRequests',
      '{type: REQUESTCOUNTLIMIT, requestCount: {timeUnit: hour, unitTime: 1, requestCount: 4}}',
    ),
    'applications/Caps.yaml': application('Caps', { Hub: 'Three' }),
    'applications/Forms.yaml': application('Forms', { Hub: 'Three' }),
    'applications/Nobody.yaml': application('Nobody', { Hub: 'None' }),
    'applications/Leases.yaml': application('Leases', { Hub: 'Three' }),
    'applications/Five.yaml': application('Five', { Hub: 'FiveEvents' }),
    'applications/Seven.yaml': application('Seven', { Hub: 'Much' }, 'SevenEvents'),
    'applications/Bronze.yaml': application('Bronze', { Hub: 'AsyncWHBronze' }),
    'applications/Free.yaml': application('Free', { Hub: 'AsyncWHUnlimited' }),
    'applications/Other.yaml': application('Other', { Hub: 'AsyncWHUnlimited' }),
    'applications/Paid.yaml': application('Paid', { Hub: 'Three' }, 'FourRequests'),
  });
  gateways = await Gateways.start(home.path, 2);
  await hourWithRoom();
}

/** After all tests. */
export async function stop(): Promise<void> {
  await gateways?.stop();
  await Promise.all([callbacks?.close(), forbidden?.close(), redis?.stop()]);
  home?.remove();
}

let turn = 0;
/** How often a gateway said that it asks a callback. */
let accepted = 0;
/** The gateways in turn. */
export const gateway = (): string => gateways.urls[(turn += 1) % 2]!;

/** The status, and the code where there is one. */
export const answerOf = async (response: Response): Promise<string> => {
  const text = await response.text();
  return text === ''
    ? String(response.status)
    : `${response.status} ${(JSON.parse(text) as { code: string }).code}`;
};

/** Asks a gateway, with parameters in the query or in a form. */
export const askAt = async (
  url: string,
  application: string,
  topic: string,
  more: Readonly<Record<string, string>>,
  isForm = false,
): Promise<string> => {
  const parameters = new URLSearchParams({ 'hub.mode': 'subscribe', 'hub.topic': topic, ...more });
  const response = await fetch(`${url}/hub/1.0.0${isForm ? '' : `?${parameters.toString()}`}`, {
    method: 'POST',
    headers: { ApiKey: `${application}-production` },
    ...(isForm && { body: parameters }),
  });
  if (response.status === 202) accepted += 1;
  return answerOf(response);
};

/** Asks the gateways in turn. */
export const ask = (
  ...asked: Parameters<typeof askAt> extends [string, ...infer Rest] ? Rest : never
): Promise<string> => askAt(gateway(), ...asked);
export const callback = (path: string): Readonly<Record<string, string>> => ({
  'hub.callback': callbacks.url(path),
});

export const signed = (body: string, secret: string = 'the-secret-of-the-api'): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

export const publish = async (
  topic: string,
  body: string,
  headers: Readonly<Record<string, string>> = { 'X-Hub-Signature': signed(body) },
): Promise<string> => {
  const url = `${gateway()}/hub/1.0.0/webhooks_events_receiver_resource?topic=${encodeURIComponent(topic)}`;
  return answerOf(
    await fetch(url, { method: 'POST', headers: { 'Content-Type': 'text/plain', ...headers }, body }),
  );
};

/** Units that one gateway has leased ahead come back when it doesn't need them: publishes until a quota is used up. Gives how often. */
export const publishUntil = async (topic: string, beginning: string, quota: number): Promise<number> => {
  let published = 0;
  await until(async () => {
    if (callbacks.count(beginning) >= quota) return true;
    await publish(topic, 'more');
    published += 1;
    return false;
  }, 30_000);
  return published;
};

export const sum = async (metric: string): Promise<number> =>
  (await gateways.metric(metric)).reduce((all, one) => all + one, 0);

/** Asks, and waits until every callback that is to be asked was, and the gateways took note of it. */
export const settled = async (asking: () => Promise<unknown>): Promise<void> => {
  await asking();
  const outcomes = ['agreed', 'refused'].map(
    (outcome) => `sluice_websub_verifications_total{outcome="${outcome}"}`,
  );
  await until(async () => {
    const [agreed = 0, refused = 0] = await Promise.all(outcomes.map(sum));
    return agreed + refused === accepted;
  });
};
