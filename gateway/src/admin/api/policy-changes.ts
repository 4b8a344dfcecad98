import type { Home } from '../../config/home.ts';
import type { HomeEdit } from '../../home/home-edit.ts';
import { ApiError } from './api-error.ts';
import type { Payload } from './payload.ts';
import type { PolicyKind } from './policy-kinds.ts';
import {
  asAnswer,
  newPolicyPath,
  policyFileText,
  policyId,
  type StoredPolicy,
  storedPolicies,
} from './stored-policies.ts';

/** What to write, and what it is answered with. */
export interface PolicyChange {
  readonly edits: readonly HomeEdit[];
  readonly policy: StoredPolicy;
}

const nameCharactersMax = 60;

/** A policy that wasn't there. Throws `ApiError`: 400 without a usable name, 409 when there is one of that name. */
export function createPolicy(home: Home, kind: PolicyKind, body: Payload): PolicyChange {
  const name = nameIn(body);
  if (findByName(home, kind, name) !== undefined) {
    throw new ApiError(409, `${kind.noun} with name ${name} already exists`);
  }
  const path = newPolicyPath(home, kind, name);
  return written({ kind, id: policyId(kind, name), name, path, version: 'v4.7.0', data: body });
}

/** Another text for a policy that there is; a built-in one gets a file. Its name and id stay. Throws `ApiError` with status 404. */
export function updatePolicy(home: Home, kind: PolicyKind, id: string, body: Payload): PolicyChange {
  return replaced(home, findById(home, kind, id), body);
}

/** Either of the two, as `overwrite` allows. */
export function importPolicy(
  home: Home,
  kind: PolicyKind,
  { body, overwrite }: { readonly body: Payload; readonly overwrite: boolean },
): PolicyChange & { readonly isNew: boolean } {
  const existing = findByName(home, kind, nameIn(body));
  if (existing === undefined || !overwrite) return { ...createPolicy(home, kind, body), isNew: true };
  return { ...replaced(home, existing, body), isNew: false };
}

/** The file goes. Throws `ApiError`: 404, or 403 for one that is built in. */
export function deletePolicy(home: Home, kind: PolicyKind, id: string): PolicyChange {
  const policy = findById(home, kind, id);
  if (policy.path === undefined) throw new ApiError(403, `${kind.noun} ${policy.name} is built in.`);
  return { edits: [{ path: policy.path, text: undefined }], policy };
}

/** Throws `ApiError` with status 404. */
export function findById(home: Home, kind: PolicyKind, id: string): StoredPolicy {
  const found = storedPolicies(home).find((policy) => policy.kind === kind && policy.id === id);
  if (found === undefined) throw new ApiError(404, `Requested ${kind.noun} with Id '${id}' not found`);
  return found;
}

function findByName(home: Home, kind: PolicyKind, name: string): StoredPolicy | undefined {
  return storedPolicies(home).find((policy) => policy.kind === kind && policy.name === name);
}

function replaced(home: Home, existing: StoredPolicy, body: Payload): PolicyChange {
  const path = existing.path ?? newPolicyPath(home, existing.kind, existing.name);
  return written({ ...existing, path, data: body });
}

function written(policy: StoredPolicy & { readonly path: string }): PolicyChange {
  const { path } = policy;
  const data = asAnswer(policy);
  return { edits: [{ path, text: policyFileText(path, policy) }], policy: { ...policy, data } };
}

function nameIn(body: Payload): string {
  const name = body['policyName'];
  if (typeof name === 'string' && /^[^\p{Cc}]+$/u.test(name) && name.trim() === name) {
    if (name.length <= nameCharactersMax) return name;
  }
  throw new ApiError(
    400,
    `policyName: expected 1 to ${nameCharactersMax} characters, without blanks around them`,
  );
}
