import { changeSubscription } from './change-subscription.ts';
import type { Course } from './course.ts';
import type { Answer } from './exchange.ts';
import { type HubPlane, hubOf } from './hub-plane.ts';
import type { Identified } from './identify.ts';
import { receiveEvent } from './receive-event.ts';
import { isRefusal, type Refusal } from './refusal.ts';

/**
 * Has the hub do what a request to an API of type WEBSUB asks for, which has paid; when the hub refuses, that is given back. Never
 * answers when the request's body breaks off, which is told to the exchange.
 */
export async function atHub(
  course: Course,
  identified: Identified,
  plane: HubPlane,
): Promise<Answer | Refusal> {
  const { exchange, serving, verdict } = course;
  const { hub: asked } = identified;
  if (asked === undefined) throw new Error('nothing is asked of the hub');
  const around = { hub: hubOf(plane), serving };
  if (asked.mode === 'publish') {
    return receiveEvent(exchange, identified.routed, { ...around, admission: plane.admission });
  }
  const said = await changeSubscription(identified, asked, around);
  if (isRefusal(said) && verdict?.admitted === true) {
    course.metering = undefined;
    plane.admission.settle(verdict.standings.map((paid) => ({ paid, cost: 0 })));
  }
  return said;
}
