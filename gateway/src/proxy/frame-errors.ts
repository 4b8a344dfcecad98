import type { Refusal } from './refusal.ts';

/** Why a message of a WebSocket isn't let through: a code of wso2.md 3.5, each with a row in docs/errors.md, and what it says. */
export interface FrameError {
  readonly code: number;
  readonly message: string;
}

/** What is said whatever the cause; the words are WSO2's. */
export const frameErrors = {
  unclassified: { code: 4000, message: 'Unclassified Authentication Failure' },
  throttled: { code: 4003, message: 'Websocket frame throttled out' },
  internal: { code: 4004, message: 'Internal server error' },
  badRequest: { code: 4005, message: 'Bad request' },
  gone: { code: 4007, message: 'Context Not Found' },
} as const;

/** Codes whose refusals say more than the text of their frame does. */
const codes: Readonly<Record<string, number>> = {
  '700700': 4002,
  '900422': 4022,
  '900820': 4020,
  '900821': 4021,
  '900899': 4004,
  '900907': 4002,
  '900909': 4002,
};

const plain: Readonly<Record<string, FrameError>> = {
  '404': frameErrors.gone,
  '405': frameErrors.gone,
  '900801': frameErrors.throttled,
  '908009': frameErrors.gone,
};

/** Why a message is refused, in the codes of frames. */
export function frameErrorOf({ cause }: Refusal): FrameError {
  const { code, status, message, description } = cause;
  const said = plain[code];
  if (said !== undefined) return said;
  if (status === 429) return frameErrors.throttled;
  const text = message === undefined ? description : `${message} : ${description}`;
  const own = codes[code];
  if (own !== undefined) return { code: own, message: text };
  if (status === 401) return { code: 4001, message: text };
  if (status === 403) return { code: 4002, message: text };
  return status >= 500 ? frameErrors.unclassified : { code: 4005, message: text };
}

/** How a client is told that isn't told in the words of a protocol. */
export function frameText({ code, message }: FrameError): string {
  return `Error code: ${code} reason: ${message}`;
}
