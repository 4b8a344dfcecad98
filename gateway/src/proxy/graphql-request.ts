import { type Invalid } from '../graphql/document.ts';
import { type GraphqlMessage, hidesMessage, readJsonMessage, readQueryMessage } from '../graphql/message.ts';
import { ReadBody, readWhole } from './collected-body.ts';
import type { Exchange, RequestHead } from './exchange.ts';
import { fieldValues } from './fields.ts';
import { graphqlCauses } from './graphql-causes.ts';
import { invalidQuery } from './graphql-service.ts';
import type { Refusal } from './refusal.ts';

/** A request in GraphQL, and its body for the backend. */
export interface GraphqlRequest {
  readonly message: GraphqlMessage;
  /** Absent for a GET. */
  readonly body?: ReadBody;
}

/** Bodies of APIs of type GRAPHQL have to be read whole before they can be counted. */
const bodyBytesMax = 256 * 1024;

/**
 * Reads the GraphQL of a request: a POST's body, or a GET's query string. Never answers when the body breaks off, which is told to
 * the exchange. What two servers could read as two different requests is refused.
 */
export async function readGraphqlRequest(
  exchange: Exchange,
  queryString: string,
): Promise<GraphqlRequest | Refusal> {
  const { head } = exchange;
  if (head.method !== 'POST') return readGet(head, queryString);
  const decode = bodyDecoder(head, queryString);
  if ('invalid' in decode) return invalidQuery(decode);
  if (head.bodyBytes === 0) return invalidQuery({ invalid: 'The request has no body' });
  const bytes = await readWhole(exchange, { room: 'queries', bytesMax: bodyBytesMax });
  if (bytes === 'too-large') return { cause: graphqlCauses.largeBody };
  if (bytes === 'no-room') return { cause: graphqlCauses.busy, retryAfterMs: 1000 };
  const message = decode.read(bytes);
  if ('invalid' in message) return invalidQuery(message);
  return { message, body: new ReadBody(bytes, head.bodyBytes, exchange.holdBody('queries')) };
}

function readGet({ bodyBytes }: RequestHead, queryString: string): GraphqlRequest | Refusal {
  if (bodyBytes !== 0) return invalidQuery({ invalid: 'Only a POST may have a body' });
  const message = readQueryMessage(queryString);
  return 'invalid' in message ? invalidQuery(message) : { message };
}

/** How a body of this type is read. */
function bodyDecoder(
  { fields }: RequestHead,
  queryString: string,
): { readonly read: (bytes: Buffer) => GraphqlMessage | Invalid } | Invalid {
  if (hidesMessage(queryString)) return { invalid: 'A POST holds its query in its body only' };
  const codings = fieldValues(fields, 'content-encoding');
  if (codings.some((coding) => coding.toLowerCase() !== 'identity'))
    return { invalid: 'Compressed bodies are not supported' };
  const [written = '', ...others] = fieldValues(fields, 'content-type');
  const type = /^\s*(application\/(?:json|graphql))\s*(?:;\s*charset="?utf-?8"?\s*)?$/i.exec(written)?.[1];
  if (type === undefined || others.length > 0)
    return { invalid: 'Its type must be application/json or application/graphql, in UTF-8' };
  const isJson = type.toLowerCase() === 'application/json';
  return {
    read: (bytes) => {
      const text = decoded(bytes);
      if (text === undefined) return { invalid: 'The body is not UTF-8' };
      return isJson ? readJsonMessage(text) : { query: text, operationName: undefined, variables: {} };
    },
  };
}

function decoded(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
