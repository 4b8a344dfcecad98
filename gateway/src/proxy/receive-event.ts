import { StoreError } from '../limits/counter-store.ts';
import type { HubEvent } from '../websub/deliveries.ts';
import type { Hub } from '../websub/hub.ts';
import { isSigned } from '../websub/signature.ts';
import { type Admission, undecided } from './admit.ts';
import { readWhole } from './collected-body.ts';
import type { Answer, Exchange } from './exchange.ts';
import { fieldValues } from './fields.ts';
import { hubCauses } from './hub-causes.ts';
import { hubName, topicNamed } from './hub-doors.ts';
import { type Recipients, recipientsOf } from './recipients.ts';
import type { Refusal } from './refusal.ts';
import type { Routed } from './route.ts';
import type { Serving } from './serving.ts';

const bodyBytesMax = 1024 * 1024;

/**
 * Takes an event of a publisher for all who are subscribed to its topic: each pays for itself before it is sent to, and who can't
 * doesn't get it. Never answers when the event's body breaks off, which is told to the exchange.
 */
export async function receiveEvent(
  exchange: Exchange,
  { api, target }: Routed,
  around: { readonly hub: Hub; readonly serving: Serving; readonly admission: Admission },
): Promise<Answer | Refusal> {
  const operation = topicNamed(api, new URLSearchParams(target.query).get('topic') ?? '');
  if (operation === undefined) return { cause: hubCauses.noTopic };
  const { hub } = around;
  const place = { api: hubName(api), topic: operation.target };
  try {
    const event = await readEvent(exchange, api.webSub?.signature);
    if ('cause' in event) return event;
    const subscribers = await hub.subscribers(place.api, place.topic);
    const recipients = recipientsOf(subscribers, { api, operation }, around);
    const wanted = recipients.reduce((sum, one) => sum + roomFor(one, hub), 0);
    if (!hub.hasRoom(event.body.length, wanted)) return busy;
    const paid = await Promise.all(recipients.map((one) => pay(one, hub)));
    hub.deliver(event, place, paid.flat());
    return taken;
  } catch (error) {
    if (error instanceof StoreError) return undecided;
    throw error;
  } finally {
    // Deliveries hold what they send by themselves.
    exchange.holdBody('events').giveUp();
  }
}

/** How many of them an event may be sent to. */
function roomFor({ application, subscribers }: Recipients, hub: Hub): number {
  return Math.min(subscribers.length, Math.max(0, hub.room(application)));
}

const busy: Refusal = { cause: hubCauses.busy, retryAfterMs: 1000 };

/** As WSO2 answers. */
const taken: Answer = { status: 200, fields: ['Content-Length', '0'], body: '', closes: false };

/** An event that its publisher signed, if the API asks for that. */
async function readEvent(
  exchange: Exchange,
  signature: NonNullable<Routed['api']['webSub']>['signature'],
): Promise<HubEvent | Refusal> {
  const { fields } = exchange.head;
  const [written = '', ...others] = signature === undefined ? [] : fieldValues(fields, signature.header);
  if (signature !== undefined && (written === '' || others.length > 0)) return badSignature;
  const body = await readWhole(exchange, { room: 'events', bytesMax: bodyBytesMax });
  if (body === 'too-large') return { cause: hubCauses.largeEvent };
  if (body === 'no-room') return busy;
  if (signature !== undefined && !isSigned(written, signature, body)) return badSignature;
  const [type, coding] = ['content-type', 'content-encoding'].map((name) => fieldValues(fields, name)[0]);
  return {
    body,
    fields: {
      ...(type !== undefined && { 'content-type': type }),
      ...(coding !== undefined && { 'content-encoding': coding }),
    },
  };
}

const badSignature: Refusal = { cause: hubCauses.badSignature, challenge: 'HubSignature realm="sluice"' };

/** Those who can pay, in their order, as far as there is room for what is sent to them. */
async function pay(recipients: Recipients, hub: Hub): Promise<Recipients['subscribers']> {
  const { meter, subscribers } = recipients;
  const wanted = subscribers.slice(0, roomFor(recipients, hub));
  hub.dropped('behind', subscribers.length - wanted.length);
  if (meter === undefined || wanted.length === 0) return wanted;
  const { paid, refused } = await meter.payForMost(wanted.length);
  if (refused !== undefined) {
    hub.dropped(refused.because === 'over-limit' ? 'over-quota' : 'undecided', wanted.length - paid);
  }
  return wanted.slice(0, paid);
}
