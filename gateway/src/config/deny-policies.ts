import * as z from 'zod';
import type { DenyPolicy } from '../policy/deny.ts';
import { contextOf, superTenant } from '../policy/tenant.ts';
import type { Api } from '../policy/catalogue.ts';
import { checkFields, describe } from './check-value.ts';
import { flag, mapping, oneOf, text } from './expected.ts';
import { readIpRange } from './ip-range.ts';
import { quote } from './nearest-name.ts';
import { isRecord, type Path, type SourceFile, valueAt } from './source-file.ts';
import { switchKeys, type ThrottlingSwitches } from './throttling-table.ts';

/** More than this is one policy with a range, or a firewall. */
const inOneFileMax = 100_000;

const schema = mapping(
  {
    conditionType: oneOf(['API', 'APPLICATION', 'USER', 'IP', 'IPRANGE', 'SUBSCRIPTION']),
    conditionValue: z.unknown().optional(),
    conditionStatus: flag().nullish(),
    tenantDomain: text({ expected: 'the domain of a tenant', charactersMax: 255 }).nullish(),
  },
  ['conditionId'],
);

const addressSchema = mapping({ invert: flag().nullish() }, ['fixedIp', 'startingIp', 'endingIp']);

/** Reads all deny policies: one in a file, or a list of them. Those that are switched off are checked, and left out. */
export function readDenyPolicies(
  sources: readonly SourceFile[],
  { apis, switches }: { readonly apis: readonly Api[]; readonly switches: ThrottlingSwitches },
): readonly DenyPolicy[] {
  const contexts = new Set(apis.map(contextOf));
  const policies = sources.flatMap((source) =>
    placesIn(source).flatMap((path) => {
      const policy = readDenyPolicy(source, path);
      if (policy?.kind === 'api' && !contexts.has(policy.context))
        warnAboutContext(source, path, policy.context);
      return policy ?? [];
    }),
  );
  if (switches.denyPolicies !== false) return policies;
  for (const source of sources) {
    const message = `${switchKeys.denyPolicies} is false, so these deny policies refuse nobody.`;
    source.warning({ code: 'condition-switch', path: [], message });
  }
  return [];
}

function placesIn(source: SourceFile): readonly Path[] {
  if (!Array.isArray(source.value)) return [[]];
  if (source.value.length <= inOneFileMax) return source.value.map((_, index) => [index]);
  const message = `There are ${source.value.length} deny policies in this file, more than ${inOneFileMax}.`;
  source.error({ code: 'too-large', path: [], message });
  return [];
}

function readDenyPolicy(source: SourceFile, path: Path): DenyPolicy | undefined {
  const { conditionType: type, conditionStatus, tenantDomain } = checkFields(source, schema, path);
  if (type === undefined) return undefined;
  const at = [...path, 'conditionValue'];
  const policy = isAddress(type)
    ? readAddresses(source, at, { type, tenant: tenantDomain ?? superTenant })
    : readNamed(source, at, type);
  return conditionStatus === false ? undefined : policy;
}

type Type = z.infer<typeof schema>['conditionType'];

function isAddress(type: Type): type is 'IP' | 'IPRANGE' {
  return type === 'IP' || type === 'IPRANGE';
}

function readAddresses(
  source: SourceFile,
  path: Path,
  { type, tenant }: { readonly type: 'IP' | 'IPRANGE'; readonly tenant: string },
): DenyPolicy | undefined {
  const { invert } = checkFields(source, addressSchema, path);
  if (!isRecord(valueAt(source.value, path))) return undefined;
  const range = readIpRange(
    source,
    path,
    type === 'IP' ? ['fixedIp', 'fixedIp'] : ['startingIp', 'endingIp'],
  );
  return range && { kind: 'address', tenant, range, inverted: invert ?? false };
}

/** How the value of each type is written, and what it is called. */
const written = {
  API: {
    pattern: /^(\/[^:]*)$/,
    expected: 'the context of an API with its version, such as "/orders/1.0.0"',
  },
  APPLICATION: {
    pattern: /^([^:]+):(.+)$/,
    expected: 'the owner and the name of an application, such as "alice:MobileApp"',
  },
  USER: { pattern: /^(.+)$/, expected: 'a user, such as "alice@carbon.super"' },
  SUBSCRIPTION: {
    pattern: /^(\/[^:]*):([^:]+):([^-]+)-(.+):(PRODUCTION|SANDBOX)$/,
    expected: 'a subscription, such as "/orders/1.0.0:1.0.0:alice-MobileApp:PRODUCTION"',
  },
} as const;

function readNamed(
  source: SourceFile,
  path: Path,
  type: Exclude<Type, 'IP' | 'IPRANGE'>,
): DenyPolicy | undefined {
  const value = valueAt(source.value, path);
  const { pattern, expected } = written[type];
  const [, first = '', ...rest] =
    (typeof value === 'string' && value.length <= 1000 && pattern.exec(value)) || [];
  if (first === '') {
    const message = `conditionValue: found ${describe(value)}, expected ${expected}.`;
    source.error({ code: value === undefined ? 'missing-value' : 'invalid-value', path, message });
    return undefined;
  }
  switch (type) {
    case 'API':
      return { kind: 'api', context: first };
    case 'APPLICATION':
      return { kind: 'application', owner: unescaped(first), name: rest[0] ?? '' };
    case 'USER':
      return { kind: 'user', user: first.includes('@') ? first : `${first}@${superTenant}` };
    case 'SUBSCRIPTION': {
      const [version = '', owner = '', application = '', keyType] = rest;
      noteHyphens(source, path, { owner, application });
      return {
        kind: 'subscription',
        context: first,
        version,
        owner: unescaped(owner),
        application,
        keyType: keyType === 'SANDBOX' ? 'SANDBOX' : 'PRODUCTION',
      };
    }
    default:
      return type satisfies never;
  }
}

/** An owner's name ends at the first colon or hyphen, so those of its own are escaped. */
function unescaped(owner: string): string {
  return owner.replace(/%(?:3A|2D|25)/gi, (found) => decodeURIComponent(found));
}

function noteHyphens(
  source: SourceFile,
  path: Path,
  { owner, application }: { readonly owner: string; readonly application: string },
): void {
  if (!application.includes('-')) return;
  const message = `conditionValue is taken for the application ${quote(application)} of ${quote(owner)}.`;
  const hint = 'Write %2D for each hyphen in the name of the owner.';
  source.warning({ code: 'invalid-value', path, message, hint });
}

function warnAboutContext(source: SourceFile, path: Path, context: string): void {
  const message = `No API is served at ${quote(context)}, so this deny policy refuses nobody.`;
  source.warning({ code: 'unknown-api', path: [...path, 'conditionValue'], message });
}
