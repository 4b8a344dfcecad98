import type { Home } from '../../config/home.ts';
import type { HomeEdit } from '../../home/home-edit.ts';
import { ApiError } from './api-error.ts';
import { fileText, type Payload, replacedIn } from './payload.ts';
import type { PolicyKind } from './policy-kinds.ts';
import {
  asAnswer,
  asEnvelope,
  defaultVersion,
  newPolicyPath,
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
  const id = policyId(kind, name);
  return written(home, { kind, id, name, at: undefined, version: defaultVersion, data: body });
}

/** Another text for a policy that there is; a built-in one gets a file. Its name and id stay. Throws `ApiError` with status 404. */
export function updatePolicy(home: Home, kind: PolicyKind, id: string, body: Payload): PolicyChange {
  return written(home, { ...findById(home, kind, id), data: body });
}

/** Either of the two, as `overwrite` allows. */
export function importPolicy(
  home: Home,
  kind: PolicyKind,
  { body, overwrite }: { readonly body: Payload; readonly overwrite: boolean },
): PolicyChange & { readonly isNew: boolean } {
  const existing = findByName(home, kind, nameIn(body));
  if (existing === undefined || !overwrite) return { ...createPolicy(home, kind, body), isNew: true };
  return { ...written(home, { ...existing, data: body }), isNew: false };
}

/** Its file goes, or its part of the file. Throws `ApiError`: 404, or 403 for one that is built in. */
export function deletePolicy(home: Home, kind: PolicyKind, id: string): PolicyChange {
  const policy = findById(home, kind, id);
  if (policy.at === undefined) throw new ApiError(403, `${kind.noun} ${policy.name} is built in.`);
  const { file, index } = policy.at;
  return { edits: [{ path: file.path, text: replacedIn(file, index, undefined) }], policy };
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

function written(home: Home, policy: StoredPolicy): PolicyChange {
  const { kind, name, at } = policy;
  const data = asAnswer(policy);
  const envelope = asEnvelope(policy);
  const newPath = newPolicyPath(home, kind, name);
  const edit: HomeEdit =
    at === undefined
      ? { path: newPath, text: fileText(newPath, envelope) }
      : { path: at.file.path, text: replacedIn(at.file, at.index, envelope) };
  return { edits: [edit], policy: { ...policy, data } };
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
