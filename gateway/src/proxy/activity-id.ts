import { randomUUID } from 'node:crypto';
import type { Fields } from '../wire/fields.ts';
import { fieldValues } from './fields.ts';

/** By this name a request is known in the client's, the gateway's and the backend's logs (wso2.md 5). */
export const activityIdField = 'activityid';

const acceptable = /^[A-Za-z0-9._-]{1,64}$/;

/** Takes over the client's id when there is exactly one and it can stand in any log; else makes one. */
export function activityId(fields: Fields): string {
  const values = fieldValues(fields, activityIdField);
  const [given] = values;
  return values.length === 1 && given !== undefined && acceptable.test(given) ? given : randomUUID();
}
