import { isDeepStrictEqual } from 'node:util';
import { type Home, type HomeFile, roleOf } from '../../config/home.ts';
import { isRecord } from '../../config/source-file.ts';
import type { HomeEdit } from '../../home/home-edit.ts';
import { ApiError } from './api-error.ts';
import { fileText, type Payload, payloadsOfFile, replacedIn } from './payload.ts';
import { stableId } from './stable-id.ts';

/** A deny policy, as a file says it. */
export interface DenyPolicy {
  readonly id: string;
  readonly type: string;
  readonly value: unknown;
  readonly isOn: boolean;
  readonly data: Payload;
  readonly file: HomeFile;
  /** Which of those in the file. */
  readonly index: number;
}

export interface DenyChange {
  readonly edits: readonly HomeEdit[];
  readonly answer: Payload;
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

/** Throws `ApiError` with status 404. */
export function findDenyPolicy(home: Home, id: string): DenyPolicy {
  const found = denyPolicies(home).find((policy) => policy.id === id);
  if (found === undefined) throw new ApiError(404, `Requested Deny Policy with Id '${id}' not found`);
  return found;
}

/** As the API gives it, and as it stands in its file. */
export function asDenyAnswer({ id, type, value, isOn, data }: Omit<DenyPolicy, 'file' | 'index'>): Payload {
  const { conditionId: _, conditionType: __, conditionValue: ___, conditionStatus: ____, ...rest } = data;
  return { conditionId: id, conditionType: type, conditionValue: value, conditionStatus: isOn, ...rest };
}

/** Throws `ApiError`: 400 for what is no deny policy at all, 409 when there is one for the same. */
export function createDenyPolicy(home: Home, data: Payload): DenyChange {
  const { conditionType: type, conditionValue: value = null, conditionStatus: isOn = true } = data;
  if (typeof type !== 'string') throw new ApiError(400, 'conditionType is missing.');
  if (typeof isOn !== 'boolean') throw new ApiError(400, 'conditionStatus: expected true or false');
  const id = idOf(type, value);
  const path = `deny-policies/${id}.yaml`;
  const same = denyPolicies(home).find(
    (policy) => policy.id === id || (policy.type === type && isDeepStrictEqual(policy.value, value)),
  );
  if (same !== undefined || home.some((file) => file.path === path))
    throw new ApiError(409, `A deny policy of type ${type} with this value already exists`);
  const answer = asDenyAnswer({ id, type, value, isOn, data });
  return { edits: [{ path, text: fileText(path, answer) }], answer };
}

/** Switches it on or off. Throws `ApiError`: 404, or 400. */
export function updateDenyPolicy(home: Home, id: string, body: Payload): DenyChange {
  const policy = findDenyPolicy(home, id);
  const isOn = body['conditionStatus'];
  if (typeof isOn !== 'boolean') throw new ApiError(400, 'conditionStatus: expected true or false');
  const answer = asDenyAnswer({ ...policy, isOn });
  return { edits: [edit(policy, answer)], answer };
}

/** Throws `ApiError` with status 404. */
export function deleteDenyPolicy(home: Home, id: string): DenyChange {
  const policy = findDenyPolicy(home, id);
  return { edits: [edit(policy, undefined)], answer: asDenyAnswer(policy) };
}

function edit({ file, index }: DenyPolicy, value: Payload | undefined): HomeEdit {
  return { path: file.path, text: replacedIn(file, index, value) };
}

/** All deny policies; what is none is passed over. */
function denyPolicies(home: Home): readonly DenyPolicy[] {
  return home.filter(({ path }) => roleOf(path) === 'deny-policy').flatMap(denyPoliciesIn);
}

function denyPoliciesIn(file: HomeFile): readonly DenyPolicy[] {
  return payloadsOfFile(file.path, file.text).flatMap((data, index) => {
    const { conditionType: type, conditionValue: value = null, conditionId: stated, conditionStatus } = data;
    if (typeof type !== 'string') return [];
    const isUsable = typeof stated === 'string' && /^[\w-]{1,100}$/.test(stated);
    const id = isUsable ? stated : idOf(type, value);
    const isOn = String(conditionStatus).toLowerCase() !== 'false';
    return { id, type, value, isOn, data, file, index };
  });
}

/** The id of a deny policy whose file doesn't state one. */
function idOf(type: string, value: unknown): string {
  return stableId('deny policy', type, JSON.stringify(value));
}

/** An address may be given alone, a range as its two ends, and anything as it stands in the policy. */
function isNamedBy(value: unknown, named: string): boolean {
  if (!isRecord(value)) return String(value) === named;
  const { fixedIp, startingIp, endingIp } = value;
  const ends = `${String(startingIp)}-${String(endingIp)}`;
  return fixedIp === named || ends === named || JSON.stringify(value) === named;
}
