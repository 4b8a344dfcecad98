import { type Cause, fault, throttled } from './refusal.ts';

type HubCause =
  | 'badRequest'
  | 'forbiddenCallback'
  | 'noTopic'
  | 'badSignature'
  | 'largeEvent'
  | 'busy'
  | 'manySubscribers';

/** Why an API of type WEBSUB itself refuses. */
export const hubCauses: Readonly<Record<HubCause, Cause>> = {
  badRequest: fault('908016', 400, 'The request to the hub is malformed'),
  forbiddenCallback: fault('908017', 400, 'Events may not be sent to the address of this callback'),
  noTopic: fault('908018', 404, 'The API has no such topic'),
  badSignature: fault('908019', 401, 'The event is not signed with the secret of the API'),
  largeEvent: fault('908020', 413, 'The event is larger than 1 MiB'),
  busy: fault('908021', 503, 'Too many callbacks or events are waited for'),
  manySubscribers: throttled('900808'),
};
