import { type Home, type HomeFile, roleOf } from '../../config/home.ts';
import { isRecord } from '../../config/source-file.ts';
import { builtInPolicies } from './built-in-policies.ts';
import { type Payload, payloadsOfFile } from './payload.ts';
import { type PolicyKind, policyKinds } from './policy-kinds.ts';
import { stableId } from './stable-id.ts';

/** A policy that is in force: of a file, or built in. */
export interface StoredPolicy {
  readonly kind: PolicyKind;
  readonly id: string;
  readonly name: string;
  /** Where it stands: none is built in. */
  readonly at: PolicyPlace | undefined;
  /** What the file says beside the policy. */
  readonly version: string;
  readonly data: Payload;
}

/** A file, and which of the policies in it. */
interface PolicyPlace {
  readonly file: HomeFile;
  readonly index: number;
}

export const defaultVersion = 'v4.7.0';
const filePathMax = 200;

/** All policies, by kind and name; files that hold none are passed over. A file's policy replaces the built-in one. */
export function storedPolicies(home: Home): readonly StoredPolicy[] {
  const ofFiles = home.filter(({ path }) => roleOf(path) === 'policy').flatMap(storedIn);
  const names = new Set(ofFiles.map(({ kind, name }) => `${kind.name} ${name}`));
  const others = builtInPolicies()
    .filter(({ kind, name }) => !names.has(`${kind.name} ${name}`))
    .map(({ kind, name, data }) => {
      const id = policyId(kind, name);
      return { kind, id, name, at: undefined, version: defaultVersion, data };
    });
  return [...ofFiles, ...others].toSorted(byKindAndName);
}

function byKindAndName(a: StoredPolicy, b: StoredPolicy): number {
  const kinds = policyKinds.indexOf(a.kind) - policyKinds.indexOf(b.kind);
  if (kinds !== 0) return kinds;
  return a.name < b.name ? -1 : 1;
}

function storedIn(file: HomeFile): readonly StoredPolicy[] {
  return payloadsOfFile(file.path, file.text).flatMap((envelope, index) => {
    const kind = policyKinds.find(({ subtype }) => subtype === envelope['subtype']);
    const data = envelope['data'];
    if (kind === undefined || !isRecord(data)) return [];
    const name = typeof data['policyName'] === 'number' ? String(data['policyName']) : data['policyName'];
    if (typeof name !== 'string') return [];
    const stated = data['policyId'];
    const id = typeof stated === 'string' && /^[\w-]{1,100}$/.test(stated) ? stated : policyId(kind, name);
    const version = typeof envelope['version'] === 'string' ? envelope['version'] : defaultVersion;
    return { kind, id, name, at: { file, index }, version, data };
  });
}

/** The id of a policy whose file doesn't state one. */
export function policyId(kind: PolicyKind, name: string): string {
  return stableId('policy', kind.name, name);
}

/** The policy as the API gives it, in WSO2's order, in which apictl looks for the name. All that exists is in force. */
export function asAnswer({ kind, id, name, data }: Omit<StoredPolicy, 'at' | 'version'>): Payload {
  const { policyId: _, policyName: __, displayName = null, description = null, ...rest } = data;
  return {
    policyId: id,
    policyName: name,
    displayName,
    description,
    ...rest,
    isDeployed: true,
    type: kind.type,
  };
}

/** As apictl exports it, and as it stands in a file. */
export function asEnvelope(policy: Omit<StoredPolicy, 'at'>): Payload {
  const { kind, version } = policy;
  return { type: 'throttling policy', subtype: kind.subtype, version, data: asAnswer(policy) };
}

/** Where a new policy is put: apictl's name for it, as far as it can be a file's; another one where that is taken. */
export function newPolicyPath(home: Home, kind: PolicyKind, name: string): string {
  const safe = name.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, filePathMax);
  const own = `policies/${kind.prefix}-${safe}`;
  const isPlain =
    safe === name && !home.some(({ path }) => path.toLowerCase() === `${own}.yaml`.toLowerCase());
  return isPlain ? `${own}.yaml` : `${own}-${policyId(kind, name).slice(0, 8)}.yaml`;
}
