import type { Admission } from './admit.ts';
import { identifyGraphql } from './ask-graphql.ts';
import { identifyHub, publisher } from './ask-hub.ts';
import { denyAtDoor } from './deny.ts';
import type { Exchange } from './exchange.ts';
import { isEvent } from './hub-doors.ts';
import { identify, type Identified } from './identify.ts';
import { checkProtocol } from './protocol.ts';
import type { Refusal } from './refusal.ts';
import type { Routed } from './route.ts';
import type { Serving } from './serving.ts';
import { openSubscriptions } from './subscription-gate.ts';

/** Finds out whether a request that has found its operation may ask for it in this way, and who asks. */
export function enter(
  exchange: Exchange,
  routed: Routed,
  { serving, admission }: { readonly serving: Serving; readonly admission: Admission },
): Identified | Refusal | Promise<Identified | Refusal> {
  const { head } = exchange;
  const barred = checkProtocol(head, routed.api) ?? denyAtDoor(head, routed, serving);
  if (barred !== undefined) return barred;
  if (routed.api.webSub !== undefined)
    return isEvent(routed) ? publisher(routed) : identifyHub(exchange, routed, serving);
  const graphql = routed.api.graphql && serving.graphql.get(routed.api);
  if (graphql === undefined) return identify(head, routed, serving);
  // What is asked for stands in the request's body, or in the messages of the WebSocket that it opens.
  const request = { exchange, routed, serving };
  return head.upgrade === undefined
    ? identifyGraphql(request, graphql)
    : openSubscriptions(request, { service: graphql, admission });
}
