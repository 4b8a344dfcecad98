import { randomBytes } from 'node:crypto';
import type { CallbackClient } from './callback-client.ts';
import type { HubRequest } from './hub-request.ts';

/** Asks a callback whether it wants what was asked for in its name (W3C WebSub, section 5.3): it must answer with the challenge. */
export async function verifyIntent(
  client: Pick<CallbackClient, 'send'>,
  asked: HubRequest,
  application: string,
): Promise<boolean> {
  const challenge = randomBytes(24).toString('hex');
  const url = new URL(asked.callback);
  const parameters = new URLSearchParams({
    'hub.mode': asked.mode,
    'hub.topic': asked.topic,
    'hub.challenge': challenge,
    ...(asked.mode === 'subscribe' && { 'hub.lease_seconds': String(asked.leaseSeconds) }),
  });
  // What stands in the query stays as it is written.
  url.search = `${url.search === '' ? '?' : `${url.search}&`}${parameters.toString()}`;
  try {
    const { status, text } = await client.send({ method: 'GET', url: url.href, application, fields: {} });
    return status >= 200 && status < 300 && text.trim() === challenge;
  } catch {
    return false;
  }
}
