import type { ConsumerKey } from '../policy/catalogue.ts';
import { checkValue } from './check-value.ts';
import { listOf, mapping, oneOf, text } from './expected.ts';
import type { Path, SourceFile } from './source-file.ts';
import { residentKeyManager } from './token-issuers.ts';

/** What key managers call the application in tokens. */
const keyList = listOf(
  mapping(
    {
      keyType: oneOf(['PRODUCTION', 'SANDBOX']).nullish(),
      consumerKey: text({ expected: 'a consumer key', charactersMax: 255 }).nullish(),
      keyManager: text({ expected: 'the name of a key manager', charactersMax: 255 }).nullish(),
    },
    [
      'keyMappingId',
      'consumerSecret',
      'keyState',
      'mode',
      'supportedGrantTypes',
      'callbackUrl',
      'groupId',
      'token',
      'additionalProperties',
    ],
  ),
  'keys, each with keyType and consumerKey',
).nullish();

/**
 * Reads an application's consumer keys. A key that is used twice would prove no application: `places` holds where each one
 * stands.
 */
export function readConsumerKeys(
  source: SourceFile,
  path: Path,
  places: Map<string, string>,
): readonly ConsumerKey[] {
  const written = checkValue(source, keyList, path) ?? [];
  return written.flatMap(({ keyType, consumerKey, keyManager }, index): ConsumerKey[] => {
    if (!consumerKey) return [];
    const key = {
      keyType: keyType ?? 'PRODUCTION',
      consumerKey,
      keyManager: keyManager ?? residentKeyManager,
    };
    const at = [...path, index, 'consumerKey'];
    const name = JSON.stringify([key.keyManager, consumerKey]);
    const { file, line } = source.place(at);
    const first = places.get(name);
    if (first === undefined) places.set(name, `${file}:${line}`);
    else
      source.error({
        code: 'duplicate',
        path: at,
        message: `The same consumer key is used already, at ${first}.`,
      });
    return [key];
  });
}
