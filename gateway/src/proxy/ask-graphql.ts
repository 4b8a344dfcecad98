import type { GraphqlMessage } from '../graphql/message.ts';
import { type Level, levels } from '../policy/levels.ts';
import type { Charge } from '../policy/plan.ts';
import type { Exchange } from './exchange.ts';
import { readGraphqlRequest } from './graphql-request.ts';
import { type Asked, beyondBounds, type GraphqlService } from './graphql-service.ts';
import { identify, type Identified } from './identify.ts';
import { duesOf } from './parties.ts';
import { isRefusal, type Refusal } from './refusal.ts';
import type { Routed } from './route.ts';
import type { Serving } from './serving.ts';

/** A request to an API of type GRAPHQL that has found it. */
export interface GraphqlExchange {
  readonly exchange: Exchange;
  readonly routed: Routed;
  readonly serving: Serving;
}

/**
 * Finds out what a request asks for and who asks, and gives it the charges of all operations it runs. Never answers when the
 * request's body breaks off, which is told to the exchange.
 */
export async function identifyGraphql(
  request: GraphqlExchange,
  service: GraphqlService,
): Promise<Identified | Refusal> {
  const { exchange, routed, serving } = request;
  if (!routed.operation.open) {
    // Nobody's body is read who may ask for nothing.
    const atDoor = await identify(exchange.head, routed, serving);
    if (isRefusal(atDoor)) return atDoor;
  }
  const read = await readGraphqlRequest(exchange, routed.target.query);
  const identified = isRefusal(read) ? read : await identifyMessage(request, service, read.message);
  if (isRefusal(read) || isRefusal(identified)) {
    exchange.holdBody('queries').giveUp();
    return identified;
  }
  return read.body === undefined ? identified : { ...identified, body: read.body };
}

/** The same for a message that is read already. */
export async function identifyMessage(
  request: GraphqlExchange,
  service: GraphqlService,
  message: GraphqlMessage,
): Promise<Identified | Refusal> {
  const asked = service.ask(message);
  return isRefusal(asked) ? asked : identifyAll(request, asked);
}

/** Each operation is identified as a request to it alone would be; together they pay what each would, but bursts once. */
async function identifyAll(
  { exchange, routed, serving }: GraphqlExchange,
  asked: Asked,
): Promise<Identified | Refusal> {
  const parties: Identified[] = [];
  for (const operation of asked.operations) {
    const party = await identify(exchange.head, { ...routed, operation }, serving);
    if (isRefusal(party)) return party;
    const beyond = beyondBounds(asked, party.facts.consumer.tier.graphql);
    if (beyond !== undefined) return beyond;
    parties.push(party);
  }
  // Open operations beside others are asked for by whoever asks for those.
  const [first] = parties.toSorted((a, b) => Number(isAnonymous(a)) - Number(isAnonymous(b)));
  if (first === undefined) throw new Error('a document without a field was measured');
  if (parties.length === 1) return first;
  const names = asked.operations.map(({ target }) => target);
  return {
    ...first,
    routed: { ...routed, operation: { ...first.routed.operation, target: names.join(',') } },
    ...duesOf(together(parties)),
  };
}

function isAnonymous({ facts }: Identified): boolean {
  return facts.consumer.kind === 'anonymous';
}

const bursts: ReadonlySet<Level> = new Set(['burst', 'application-burst']);

function together(parties: readonly Identified[]): readonly Charge[] {
  const byKey = new Map<string, Charge>();
  for (const { charges, facts } of parties) {
    // Clients are told of each operation's policy by its field.
    const rule = facts.operation.target.slice(1);
    for (const charge of charges) {
      const before = byKey.get(charge.key);
      if (before === undefined)
        byKey.set(charge.key, charge.level === 'operation' ? { ...charge, rule } : charge);
      else if (charge.measure === 'requests' && !bursts.has(charge.level))
        byKey.set(charge.key, {
          ...before,
          cost: before.cost + charge.cost,
          needs: before.needs + charge.needs,
        });
    }
  }
  return [...byKey.values()].sort((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level));
}
