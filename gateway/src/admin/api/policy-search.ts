import type { Home } from '../../config/home.ts';
import { ApiError } from './api-error.ts';
import type { Payload } from './payload.ts';
import { policyKinds } from './policy-kinds.ts';
import { asAnswer, type StoredPolicy, storedPolicies } from './stored-policies.ts';

/** Policies of all kinds that a query such as `name:Gold type:sub` finds. Throws `ApiError` with status 400. */
export function searchPolicies(home: Home, query: string): readonly Payload[] {
  const { name, type } = parseQuery(query);
  return storedPolicies(home)
    .filter(
      (policy) =>
        (name === undefined || policy.name === name) && (type ?? policy.kind.query) === policy.kind.query,
    )
    .map(asDetails);
}

/** The policy that an export names: by its id, or by its name and, perhaps, its kind. Throws `ApiError`: 400, 404. */
export function exportedPolicy(
  home: Home,
  asked: { readonly policyId?: string; readonly name?: string; readonly type?: string },
): StoredPolicy {
  const { policyId, name, type } = asked;
  if (policyId === undefined && name === undefined) throw new ApiError(400, 'Policy name is required');
  const kind = type === undefined || type === '' ? undefined : kindOfQuery(type);
  const found = storedPolicies(home).find(
    (policy) =>
      (policyId === undefined ? policy.name === name : policy.id === policyId) &&
      (kind === undefined || policy.kind.query === kind),
  );
  if (found === undefined) {
    throw new ApiError(
      404,
      `No throttle policy found by the ${policyId === undefined ? `name ${name}` : `id ${policyId}`}`,
    );
  }
  return found;
}

/** apictl writes `null` where it has no query. */
function parseQuery(query: string): { readonly name?: string; readonly type?: string } {
  const trimmed = query.trim();
  if (trimmed === '' || trimmed === 'null') return {};
  const wanted = new Map<string, string>();
  for (const part of trimmed.split(/\s+(?=(?:name|type):)/)) {
    const [, key, value] = /^(name|type):(.*)$/.exec(part) ?? [];
    if (key === undefined || value === undefined) {
      throw new ApiError(400, 'query: expected name:… and type:…, with a blank between them');
    }
    wanted.set(key, value.trim());
  }
  const [name, type] = [wanted.get('name'), wanted.get('type')];
  const kind = type === undefined || type === 'all' ? undefined : kindOfQuery(type);
  return { ...(name !== undefined && { name }), ...(kind !== undefined && { type: kind }) };
}

function kindOfQuery(type: string): string {
  if (policyKinds.some(({ query }) => query === type)) return type;
  throw new ApiError(400, 'type: expected sub, app, api or global');
}

function asDetails(policy: StoredPolicy, index: number): Payload {
  const { policyName, displayName, description } = asAnswer(policy);
  return {
    policyId: index + 1,
    uuid: policy.id,
    policyName,
    displayName,
    description,
    isDeployed: true,
    type: policy.kind.query,
  };
}
