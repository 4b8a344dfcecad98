import { ReplyError, type Redis } from 'ioredis';
import { StoreError } from '../../limits/counter-store.ts';
import { NewerLedger } from './newer-ledger.ts';

/**
 * Waits for what a server was asked. Rejects with `StoreError`. What the server itself says leaves its connection as it is: it is
 * loading its data, out of memory, busy with a script, or forbids a command. Any other failure is a missing answer, or none at
 * all; what comes next on that connection can't be trusted, so it is given up. `why` is known besides, such as why a connection
 * failed.
 */
export async function ask<T>(redis: Redis, answer: Promise<T>, why: () => string): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw failed(redis, error, why());
  }
}

/** The same for one reply of several. */
export function failed(redis: Redis, error: unknown, why: string): StoreError {
  if (error instanceof NewerLedger) return error;
  if (error instanceof StoreError) {
    giveUp(redis);
    return error;
  }
  if (!isReply(error)) giveUp(redis);
  const said = wordsOf(error);
  return new StoreError(why === '' ? said : `${said} (${why})`, { cause: error });
}

/** The client's own words for a connection that doesn't stand, or broke, are about its options. */
const noConnection = /^(?:Stream isn't writeable|Connection is closed|Reached the max retries)/;

function wordsOf(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  return noConnection.test(said) ? 'no connection to Redis' : said;
}

function giveUp(redis: Redis): void {
  if (redis.status === 'ready') redis.disconnect(true);
}

/** Whether the server has said this, and not we ourselves or the system. */
export function isReply(error: unknown): error is Error {
  return error instanceof ReplyError;
}

/** Where a server of a cluster sends a command that it has certainly not executed. */
export interface Redirection {
  readonly kind: 'moved' | 'ask';
  readonly slot: number;
  /** Empty when it is the host that was asked. */
  readonly host: string;
  readonly port: number;
}

/** The redirection in an error reply, if it is one. */
export function redirectionIn(error: unknown): Redirection | undefined {
  if (!isReply(error)) return undefined;
  const [, kind, slot, host = '', port] = /^(MOVED|ASK) (\d+) (.*):(\d+)$/.exec(error.message) ?? [];
  if (kind === undefined) return undefined;
  return { kind: kind === 'MOVED' ? 'moved' : 'ask', slot: Number(slot), host, port: Number(port) };
}

/** The server doesn't know the script: it has certainly not executed it. */
export function isUnknownScript(error: unknown): boolean {
  return isReply(error) && error.message.startsWith('NOSCRIPT');
}
