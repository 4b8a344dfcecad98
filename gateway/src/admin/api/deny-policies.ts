import { isDeepStrictEqual } from 'node:util';
import type { Home } from '../../config/home.ts';
import { roleOf, stemOf } from '../../config/home.ts';
import { isRecord } from '../../config/source-file.ts';
import type { HomeEdit } from '../../home/home-edit.ts';
import { ApiError } from './api-error.ts';
import { fileText, type Payload, payloadOfFile } from './payload.ts';
import { stableId } from './stable-id.ts';

/** A deny policy, which stands in a file of its own. */
export interface DenyPolicy {
  readonly id: string;
  readonly path: string;
  readonly type: string;
  readonly value: unknown;
  readonly isOn: boolean;
}

export interface DenyChange {
  readonly edits: readonly HomeEdit[];
  readonly policy: DenyPolicy;
}

/** All deny policies; files that hold none are passed over. */
function denyPolicies(home: Home): readonly DenyPolicy[] {
  return home.flatMap(({ path, text }) => {
    const data = roleOf(path) === 'deny-policy' ? payloadOfFile(path, text) : undefined;
    const type = data?.['conditionType'];
    if (data === undefined || typeof type !== 'string') return [];
    const stated = data['conditionId'];
    const isUsable = typeof stated === 'string' && /^[\w-]{1,100}$/.test(stated);
    const id = isUsable ? stated : stableId('deny policy', stemOf(path));
    const isOn = data['conditionStatus'] !== false && data['conditionStatus'] !== 'false';
    return [{ id, path, type, value: data['conditionValue'] ?? null, isOn }];
  });
}

/** As the API gives it, and as it stands in its file. */
export function asDenyAnswer({ id, type, value, isOn }: DenyPolicy): Payload {
  return { conditionId: id, conditionType: type, conditionValue: value, conditionStatus: isOn };
}

/** Those that a query names, such as `conditionType:IP&conditionValue:10.0.0.7`. Throws `ApiError` with status 400. */
export function queriedDenyPolicies(home: Home, query: string): readonly DenyPolicy[] {
  const wanted = new Map<string, string>();
  for (const part of query.split('&').filter((one) => one.trim() !== '')) {
    const [, key, value] = /^\s*(conditionType|conditionValue):(.*?)\s*$/.exec(part) ?? [];
    if (key === undefined || value === undefined)
      throw new ApiError(400, 'query: expected conditionType:… and conditionValue:…, joined by &');
    wanted.set(key, value);
  }
  const [type, value] = [wanted.get('conditionType'), wanted.get('conditionValue')];
  return denyPolicies(home).filter(
    (policy) =>
      (type === undefined || policy.type === type) && (value === undefined || isNamedBy(policy.value, value)),
  );
}

/** An address may be given alone, a range as its two ends, and anything as it stands in the policy. */
function isNamedBy(value: unknown, named: string): boolean {
  if (!isRecord(value)) return String(value) === named;
  const { fixedIp, startingIp, endingIp } = value;
  return (
    fixedIp === named ||
    `${String(startingIp)}-${String(endingIp)}` === named ||
    JSON.stringify(value) === named
  );
}

/** Throws `ApiError`: 400 for what is no deny policy at all, 409 when there is one for the same. */
export function createDenyPolicy(home: Home, body: Payload): DenyChange {
  const { conditionType: type, conditionValue: value, conditionStatus: status = true } = body;
  if (typeof type !== 'string') throw new ApiError(400, 'conditionType is missing.');
  if (typeof status !== 'boolean') throw new ApiError(400, 'conditionStatus: expected true or false');
  const same = denyPolicies(home).find(
    (policy) => policy.type === type && isDeepStrictEqual(policy.value, value),
  );
  if (same !== undefined)
    throw new ApiError(409, `A deny policy of type ${type} with this value already exists: ${same.id}`);
  const id = stableId('deny policy', type, JSON.stringify(value ?? null));
  const path = `deny-policies/${id}.yaml`;
  return written({ id, path, type, value: value ?? null, isOn: status });
}

/** Switches it on or off. Throws `ApiError`: 404, or 400. */
export function updateDenyPolicy(home: Home, id: string, body: Payload): DenyChange {
  const policy = findDenyPolicy(home, id);
  const status = body['conditionStatus'];
  if (typeof status !== 'boolean') throw new ApiError(400, 'conditionStatus: expected true or false');
  return written({ ...policy, isOn: status });
}

/** Throws `ApiError` with status 404. */
export function deleteDenyPolicy(home: Home, id: string): DenyChange {
  const policy = findDenyPolicy(home, id);
  return { edits: [{ path: policy.path, text: undefined }], policy };
}

/** Throws `ApiError` with status 404. */
export function findDenyPolicy(home: Home, id: string): DenyPolicy {
  const found = denyPolicies(home).find((policy) => policy.id === id);
  if (found === undefined) throw new ApiError(404, `Requested Deny Policy with Id '${id}' not found`);
  return found;
}

function written(policy: DenyPolicy): DenyChange {
  return { edits: [{ path: policy.path, text: fileText(policy.path, asDenyAnswer(policy)) }], policy };
}
