import type { Refusal } from './refusal.ts';

/** Why a message of a WebSocket isn't let through: a code of wso2.md 3.5, each with a row in docs/errors.md, and what it says. */
export interface FrameError {
  readonly code: number;
  readonly message: string;
}

/** In WSO2's words. */
export const frameErrors = {
  unclassified: { code: 4000, message: 'Unclassified Authentication Failure' },
  throttled: { code: 4003, message: 'Websocket frame throttled out' },
  internal: { code: 4004, message: 'Internal server error' },
  badRequest: { code: 4005, message: 'Bad request' },
  gone: { code: 4007, message: 'Context Not Found' },
} as const;

/** Of causes whose code doesn't follow from their status. */
const codes: Readonly<Record<string, number>> = {
  '404': 4007,
  '405': 4007,
  '700700': 4002,
  '900422': 4022,
  '900801': 4003,
  '900820': 4020,
  '900821': 4021,
  '900899': 4004,
  '900907': 4002,
  '900909': 4002,
  '908009': 4007,
};

/** Those that say the same whatever the cause; others say what the refusal says. */
const fixed: ReadonlyMap<number, FrameError> = new Map(
  [frameErrors.unclassified, frameErrors.throttled, frameErrors.gone].map((error) => [error.code, error]),
);

/** Why a message is refused, in the codes of frames. */
export function frameErrorOf({ cause }: Refusal): FrameError {
  const { message, description } = cause;
  const code = codes[cause.code] ?? codeOf(cause.status);
  return (
    fixed.get(code) ?? { code, message: message === undefined ? description : `${message} : ${description}` }
  );
}

function codeOf(status: number): number {
  if (status === 401) return 4001;
  if (status === 403) return 4002;
  if (status === 429) return 4003;
  return status >= 500 ? 4000 : 4005;
}

/** How a client is told that isn't told in the words of a protocol. */
export function frameText({ code, message }: FrameError): string {
  return `Error code: ${code} reason: ${message}`;
}
