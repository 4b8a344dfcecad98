import type { Hub } from '../websub/hub.ts';
import type { Admission } from './admit.ts';
import type { LateCharging } from './metering.ts';

/** What requests to APIs of type WEBSUB need. */
export interface HubPlane {
  readonly admission: Admission & LateCharging;
  /** Gives one where some API is of that type. */
  readonly hub?: () => Hub | undefined;
}

export function hubOf({ hub }: HubPlane): Hub {
  const found = hub?.();
  if (found === undefined) throw new Error('an API of type WEBSUB is served without a hub');
  return found;
}
