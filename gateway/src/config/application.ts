import * as z from 'zod';
import type { Application } from '../policy/catalogue.ts';
import type { ApplicationTier } from '../policy/tiers.ts';
import { readApiKeys } from './api-keys.ts';
import { checkFields, checkValue } from './check-value.ts';
import { readConsumerKeys } from './consumer-keys.ts';
import { anyMapping, mapping, oneOf, text } from './expected.ts';
import type { Path, SourceFile } from './source-file.ts';
import { type Known, readSubscriptions } from './subscriptions.ts';

/**
 * Reads one application with its keys and subscriptions (contract.md 2). Gives nothing when it has no readable name; every
 * problem is reported. `digests` holds where the keys of the files before stand.
 */
export function readApplication(
  source: SourceFile,
  known: Known,
  digests: Map<string, string>,
): Application | undefined {
  if (checkValue(source, envelopeSchema, []) === undefined) return undefined;
  checkFields(source, dataSchema, ['data']);
  const info = checkFields(source, infoSchema, infoPath);
  const tier = readTier(source, known, info.throttlingPolicy ?? undefined);
  const apiKeys = readApiKeys(source, ['data', 'apiKeys'], digests);
  const consumerKeys = readConsumerKeys(source, [...infoPath, 'keys'], digests);
  const subscriptions = readSubscriptions(source, known);
  const { name } = info;
  if (name === undefined) return undefined;
  const owner = info.owner ?? '';
  const id = info.applicationId ?? (owner === '' ? name : `${owner}/${name}`);
  if (id.startsWith('<')) {
    const message = 'The id of an application must not begin with <: those of tokens do.';
    source.error({ code: 'invalid-value', path: infoPath, message });
  }
  return { id, name, owner, tier, apiKeys, consumerKeys, subscriptions };
}

/** Where an application's identity stands in its file. */
export const infoPath: Path = ['data', 'applicationInfo'];

const envelopeSchema = mapping({
  type: oneOf(['application']),
  version: z.unknown().optional(),
  data: anyMapping('the application, a mapping'),
});

/** The parts that are checked on their own are only named here. */
const dataSchema = mapping({
  applicationInfo: z.unknown().optional(),
  apiKeys: z.unknown().optional(),
  subscribedAPIs: z.unknown().optional(),
});

const infoSchema = mapping(
  {
    applicationId: text({
      expected: 'the id of the application, 1 to 100 characters',
      charactersMax: 100,
    }).nullish(),
    name: text({ expected: 'the name of the application, 1 to 100 characters', charactersMax: 100 }),
    owner: text({ expected: 'the name of a user, 1 to 255 characters', charactersMax: 255 }).nullish(),
    throttlingPolicy: text({ expected: 'the name of an application tier', charactersMax: 60 }).nullish(),
    keys: z.unknown().optional(),
  },
  [
    'description',
    'status',
    'tokenType',
    'groups',
    'subscriber',
    'subscriptionCount',
    'attributes',
    'subscriptionScopes',
    'hashEnabled',
    'visibility',
    'createdTime',
    'updatedTime',
  ],
);

function readTier(source: SourceFile, known: Known, written: string | undefined): ApplicationTier {
  const name = written ?? 'Unlimited';
  const path = written === undefined ? infoPath : [...infoPath, 'throttlingPolicy'];
  return known.policies.application.find(name, source, path) ?? { name };
}
