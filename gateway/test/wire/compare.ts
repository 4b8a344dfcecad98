import { readTarget } from '../../src/proxy/target.ts';
import type { Generated } from './generator.ts';
import { readStream, type Message, type Reading } from './reading.ts';
import { stricter } from './stricter.ts';

/** What a comparison of two readings came to. Only `laxer`, `different` and `unlisted` are mistakes. */
export type Comparison =
  | { readonly is: 'same' }
  /** We refuse what the oracle takes, for a listed reason. */
  | { readonly is: 'stricter'; readonly reason: string }
  /** What the oracle refuses and `wire/` takes is refused by `proxy/target.ts`. */
  | { readonly is: 'refused-later' }
  | { readonly is: 'laxer' | 'different' | 'unlisted'; readonly what: string };

export function compare(stream: Generated, ours: Reading, oracle: Reading): Comparison {
  const { messages, end } = ours;
  for (const [at, message] of messages.entries()) {
    const theirs = oracle.messages[at];
    if (theirs === undefined) return without(message, ours, oracle);
    const what = differenceOf(message, theirs, end, at === messages.length - 1);
    if (what !== undefined) return { is: 'different', what: `message ${at}: ${what}` };
  }
  const paces = paceOf(ours, oracle);
  if (paces !== undefined) return { is: 'different', what: paces };
  if (end === 'open') return whileOpen(stream, ours, oracle);
  // The oracle reads one answer; of requests it may go on to read what we don't.
  const readsOn = end === 'closed' && stream.side === 'request' && oracle.messages.length > messages.length;
  if (readsOn) return reasonFor(stream, ours);
  if (end === 'closed' || end === 'switched') return { is: 'same' };
  const refused = oracle.end === 'rejected' && oracle.messages.length === messages.length;
  if (refused && oracle.messages.at(-1)?.complete === messages.at(-1)?.complete) return { is: 'same' };
  // The oracle looks at codings when it has told the head.
  const told = oracle.messages.length === messages.length + (end === 'rejected' ? 1 : 0);
  if (told && oracle.messages.at(-1)?.complete === false && oracle.why === 'HPE_INVALID_TRANSFER_ENCODING')
    return { is: 'same' };
  return reasonFor(stream, ours);
}

/** A head that we have read and the oracle hasn't. */
function without(message: Message, ours: Reading, oracle: Reading): Comparison {
  if (oracle.end !== 'rejected') return { is: 'different', what: `the oracle has no ${message.start}` };
  if (ours.end === 'declined' && ours.messages.at(-1) === message) return { is: 'same' };
  if (oracle.why === 'HPE_INVALID_URL' && isRefusedLater(message)) return { is: 'refused-later' };
  return { is: 'laxer', what: `the oracle refuses ${message.start}: ${oracle.why}` };
}

function differenceOf(
  message: Message,
  theirs: Message,
  end: Reading['end'],
  isLast: boolean,
): string | undefined {
  if (theirs.start !== message.start) return `${message.start} is ${theirs.start}`;
  if (theirs.fields.join('\n') !== message.fields.join('\n')) return 'other fields';
  if (isLast && (end === 'declined' || end === 'switched')) return undefined;
  // Up to where we refused it, the body was the same.
  if (isLast && end === 'rejected' && !message.complete)
    return theirs.body.startsWith(message.body) ? undefined : 'another body before the flaw';
  if (theirs.body !== message.body) return `body ${message.body} is ${theirs.body}`;
  if (theirs.complete !== message.complete) return `complete: ${message.complete} is ${theirs.complete}`;
  return theirs.trailers.join('\n') === message.trailers.join('\n') ? undefined : 'other trailers';
}

/** Messages end with the same piece. */
function paceOf(ours: Reading, oracle: Reading): string | undefined {
  for (const [piece, complete] of ours.completeAfter.entries()) {
    const theirs = oracle.completeAfter[piece];
    if (theirs !== undefined && Math.min(theirs, ours.messages.length) !== complete)
      return `after piece ${piece} ${complete} are complete, by the oracle ${theirs}`;
  }
  return undefined;
}

function whileOpen(stream: Generated, ours: Reading, oracle: Reading): Comparison {
  if (oracle.messages.length > ours.messages.length)
    return { is: 'different', what: `the oracle has ${oracle.messages.at(-1)!.start} too` };
  if (oracle.end !== 'rejected') return { is: 'same' };
  // The oracle refuses a line by its first wrong byte, we refuse some once they have ended.
  const ended = readStream({ ...stream, pieces: [...stream.pieces, Buffer.from('\r\n\r\n')] });
  const refused = ended.end === 'rejected' || ended.end === 'declined';
  if (refused && oracle.why !== 'HPE_CLOSED_CONNECTION') return { is: 'same' };
  const last = ended.messages.at(-1);
  if (oracle.why === 'HPE_INVALID_URL' && last !== undefined && isRefusedLater(last))
    return { is: 'refused-later' };
  return {
    is: 'laxer',
    what: `the oracle refuses what follows ${ours.messages.at(-1)?.start}: ${oracle.why}`,
  };
}

function isRefusedLater({ start, fields }: Message): boolean {
  const [method = '', target = ''] = start.split(' ');
  const host = /^https?:\/\/([^/?#\\]*)/i.exec(target)?.[1] ?? 'h';
  const others = fields.flatMap((text, at) =>
    at % 2 === 0 && text !== 'host' ? [text, fields[at + 1]!] : [],
  );
  const head = {
    method,
    target,
    fields: ['host', host, ...others],
    bodyBytes: 0,
    peer: '',
    flaw: undefined,
  } as const;
  return 'cause' in readTarget(head);
}

function reasonFor({ text, side }: Generated, ours: Reading): Comparison {
  const message = text.slice(ours.startedAt);
  const reason = stricter.find((one) => one.side !== other(side) && one.explains(message, ours.why));
  return reason === undefined
    ? { is: 'unlisted', what: `${ours.end}: ${ours.why}` }
    : { is: 'stricter', reason: reason.name };
}

function other(side: Generated['side']): Generated['side'] {
  return side === 'request' ? 'response' : 'request';
}
