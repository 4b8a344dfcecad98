import { type HubRequest, readHubRequest } from '../websub/hub-request.ts';
import { collectBody } from './collected-body.ts';
import type { Exchange } from './exchange.ts';
import { fieldValues } from './fields.ts';
import { hubCauses } from './hub-causes.ts';
import { topicNamed } from './hub-doors.ts';
import { identify, type Identified } from './identify.ts';
import { duesOf } from './parties.ts';
import { isRefusal, type Refusal } from './refusal.ts';
import type { Routed } from './route.ts';
import type { Serving } from './serving.ts';

/** More than all parameters may be long together, each byte escaped. */
const bodyBytesMax = 8 * 1024;

/**
 * Finds out who asks the hub for what, and gives it the charges of a request to the topic. It isn't an event, so quotas of events
 * neither count nor refuse it. Never answers when the request's body breaks off, which is told to the exchange.
 */
export async function identifyHub(
  exchange: Exchange,
  routed: Routed,
  serving: Serving,
): Promise<Identified | Refusal> {
  // Nobody's body is read who may ask for nothing.
  const atDoor = await identify(exchange.head, routed, serving);
  if (isRefusal(atDoor)) return atDoor;
  const parameters = await readParameters(exchange, routed.target.query);
  if (isRefusal(parameters)) return parameters;
  const request: HubRequest | { readonly problem: string } = readHubRequest(parameters);
  if ('problem' in request) return badRequest(request.problem);
  const operation = topicNamed(routed.api, request.topic);
  if (operation === undefined) return { cause: hubCauses.noTopic };
  const identified = await identify(exchange.head, { ...routed, operation }, serving);
  if (isRefusal(identified)) return identified;
  const charges = identified.charges.filter(({ measure }) => measure !== 'events');
  return { ...identified, ...duesOf(charges), hub: request };
}

/** Who sends events shows no key: what it sends is signed, and no limit is its own. */
export function publisher(routed: Routed): Identified {
  const { api, operation } = routed;
  const consumer = { kind: 'anonymous', subject: 'publisher', tier: api.anonymous.tier } as const;
  return {
    routed,
    facts: { api, operation, consumer, keyType: 'PRODUCTION' },
    backend: undefined,
    ...duesOf([]),
    query: '',
    goodUntilMs: Infinity,
    hub: { mode: 'publish' },
  };
}

/** What is wrong with a request to the hub, told to its sender. */
function badRequest(problem: string): Refusal {
  return { cause: { ...hubCauses.badRequest, description: `${problem}.` } };
}

/** They stand in the query or in the body, never in both. */
async function readParameters(exchange: Exchange, query: string): Promise<URLSearchParams | Refusal> {
  const ofQuery = new URLSearchParams(query);
  if ([...ofQuery.keys()].some((name) => name.startsWith('hub.'))) return ofQuery;
  const { head } = exchange;
  const [type = '', ...others] = fieldValues(head.fields, 'content-type');
  const isForm = /^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type) && others.length === 0;
  const body = isForm ? exchange.openBody() : undefined;
  if (body === undefined) return badRequest('The hub. parameters must be in the query or in a form');
  const bytes = await collectBody(body, bodyBytesMax);
  return bytes === 'too-large'
    ? badRequest('The hub. parameters must be at most 8 KiB together')
    : new URLSearchParams(bytes.toString());
}
