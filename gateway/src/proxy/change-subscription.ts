import { StoreError } from '../limits/counter-store.ts';
import type { Asked, Hub } from '../websub/hub.ts';
import type { HubRequest } from '../websub/hub-request.ts';
import type { Subscriber } from '../websub/subscriber.ts';
import { undecided } from './admit.ts';
import type { Answer } from './exchange.ts';
import { hubCauses } from './hub-causes.ts';
import { hubName } from './hub-doors.ts';
import type { Identified } from './identify.ts';
import { recipientOf } from './recipients.ts';
import { causes, type Refusal } from './refusal.ts';
import type { Serving } from './serving.ts';

/** Has the hub do what a subscriber asks for. */
export async function changeSubscription(
  { facts, routed }: Identified,
  asked: HubRequest,
  { hub, serving }: { readonly hub: Hub; readonly serving: Serving },
): Promise<Answer | Refusal> {
  const { consumer, keyType } = facts;
  if (consumer.kind !== 'application') throw new Error('nobody subscribes without a key');
  const { application, user, tier } = consumer;
  const { api, operation } = routed;
  const { callback } = asked;
  const place = { api: hubName(api), topic: operation.target, application: application.id, callback };
  if (asked.mode === 'unsubscribe') return told(hub.unsubscribe(place, asked));
  const subscriber: Subscriber = {
    callback,
    ...(asked.secret !== undefined && { secret: asked.secret }),
    application: {
      id: application.id,
      name: application.name,
      owner: application.owner,
      tier: application.tier.name,
      plan: tier.name,
    },
    user,
    keyType,
  };
  // Whoever wouldn't get events can't subscribe: a token may name a plan that nobody else knows.
  const recipient = recipientOf(subscriber, { api, operation }, serving);
  if (recipient === undefined) return { cause: causes.noSubscription };
  try {
    return told(await hub.subscribe(place, asked, { subscriber, subscribersMax: tier.subscribersMax }));
  } catch (error) {
    if (error instanceof StoreError) return undecided;
    throw error;
  }
}

/** W3C WebSub: 202, and the callback is asked afterwards. */
const accepted: Answer = { status: 202, fields: ['Content-Length', '0'], body: '', closes: false };

function told(asked: Asked): Answer | Refusal {
  return asked === 'accepted' ? accepted : refusals[asked];
}

const refusals: Readonly<Record<Exclude<Asked, 'accepted'>, Refusal>> = {
  // Nobody knows when a slot will be free.
  'over-limit': { cause: hubCauses.manySubscribers, retryAfterMs: 60_000 },
  busy: { cause: hubCauses.busy, retryAfterMs: 1000 },
  'forbidden-callback': { cause: hubCauses.forbiddenCallback },
};
