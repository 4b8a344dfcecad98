/** What a subscriber asks of the hub (W3C WebSub, section 5.1). */
export type HubRequest = SubscribeRequest | UnsubscribeRequest;

export interface SubscribeRequest {
  readonly mode: 'subscribe';
  /** As it was written. */
  readonly topic: string;
  /** An absolute http or https URL in its normal form. */
  readonly callback: string;
  readonly secret?: string;
  readonly leaseSeconds: number;
}

interface UnsubscribeRequest {
  readonly mode: 'unsubscribe';
  readonly topic: string;
  readonly callback: string;
}

const topicCharactersMax = 250;
const callbackBytesMax = 2048;
/** W3C WebSub: less than 200 bytes. */
const secretBytesMax = 199;
const leaseSecondsDefault = 10 * 86_400;
export const leaseSecondsMax: number = 30 * 86_400;

/** Reads the parameters of a request to the hub, or says what is wrong with them. */
export function readHubRequest(parameters: URLSearchParams): HubRequest | { readonly problem: string } {
  for (const name of names) {
    if (parameters.getAll(name).length > 1) return { problem: `${name} is given twice` };
  }
  const mode = parameters.get('hub.mode');
  if (mode !== 'subscribe' && mode !== 'unsubscribe')
    return { problem: 'hub.mode must be subscribe or unsubscribe' };
  const topic = parameters.get('hub.topic') ?? '';
  if (topic === '' || topic.length > topicCharactersMax)
    return { problem: 'hub.topic must be the name of a topic' };
  const callback = readCallback(parameters.get('hub.callback') ?? '');
  if (callback === undefined) {
    return {
      problem: 'hub.callback must be an http or https URL without user and fragment, at most 2048 bytes',
    };
  }
  if (mode === 'unsubscribe') return { mode, topic, callback };
  const secret = parameters.get('hub.secret') ?? '';
  if (Buffer.byteLength(secret) > secretBytesMax)
    return { problem: 'hub.secret must be shorter than 200 bytes' };
  const leaseSeconds = readLease(parameters.get('hub.lease_seconds') ?? '');
  if (leaseSeconds === undefined) return { problem: 'hub.lease_seconds must be a whole number' };
  return { mode, topic, callback, leaseSeconds, ...(secret !== '' && { secret }) };
}

const names = ['hub.mode', 'hub.topic', 'hub.callback', 'hub.secret', 'hub.lease_seconds'];

function readCallback(written: string): string | undefined {
  if (Buffer.byteLength(written) > callbackBytesMax) return undefined;
  const url = URL.parse(written);
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  if (url.username !== '' || url.password !== '' || url.hash !== '') return undefined;
  return Buffer.byteLength(url.href) > callbackBytesMax ? undefined : url.href;
}

/** The hub may choose: a longer lease than the longest one is that. */
function readLease(written: string): number | undefined {
  if (written === '' || written === '0') return leaseSecondsDefault;
  if (!/^\d{1,12}$/.test(written)) return undefined;
  return Math.min(Math.max(Number(written), 1), leaseSecondsMax);
}
