import type { EventSignature, Operation, WebSubApi } from '../policy/catalogue.ts';
import { checkFields } from './check-value.ts';
import { flag, headerName, mapping, oneOf, text } from './expected.ts';
import { type Path, type SourceFile, valueAt } from './source-file.ts';

const path: Path = ['data', 'websubSubscriptionConfiguration'];

/** Reads who may publish at an API of type WEBSUB. Problems are reported, and what makes the API useless or open to everybody. */
export function readWebSub(source: SourceFile, topics: readonly Operation[]): WebSubApi {
  reportWithoutBackend(source);
  if (topics.length === 0) {
    const message = 'This API has no topic: nobody can subscribe.';
    source.warning({ code: 'no-effect', path: ['data', 'operations'], message });
  }
  const written = valueAt(source.value, path);
  const isWritten = written !== undefined && written !== null;
  const fields = isWritten ? checkFields(source, schema, path) : {};
  if (fields.enable !== true) {
    const message = 'Whoever reaches the gateway can publish at this API: events need no signature.';
    const hint = 'Set enable: true and a secret in websubSubscriptionConfiguration.';
    source.warning({
      code: 'unsigned-events',
      path: isWritten ? [...path, 'enable'] : ['data', 'type'],
      message,
      hint,
    });
    return {};
  }
  if (!fields.secret) {
    const message = 'secret is missing; expected what publishers sign events with.';
    // What is written and can't be taken is reported already.
    if (!valueAt(source.value, [...path, 'secret']))
      source.error({ code: 'missing-value', path: [...path, 'secret'], part: 'key', message });
    return {};
  }
  const signature: EventSignature = {
    secret: fields.secret,
    algorithm: algorithms[fields.signingAlgorithm ?? 'SHA1'],
    header: (fields.signatureHeader || 'x-hub-signature').toLowerCase(),
  };
  return { signature };
}

const algorithms = {
  SHA1: 'sha1',
  SHA256: 'sha256',
  SHA384: 'sha384',
  SHA512: 'sha512',
} as const;

const schema = mapping({
  enable: flag().nullish(),
  secret: text({ expected: 'a secret of 1 to 200 characters', charactersMax: 200 })
    .or(oneOf(['']))
    .nullish(),
  signingAlgorithm: oneOf(['SHA1', 'SHA256', 'SHA384', 'SHA512']).nullish(),
  signatureHeader: headerName(100)
    .or(oneOf(['']))
    .nullish(),
});

/** What WSO2 exports of an API that has a backend. */
function reportWithoutBackend(source: SourceFile): void {
  for (const field of ['endpointConfig', 'maxTps']) {
    const written = valueAt(source.value, ['data', field]);
    if (written === undefined || written === null) continue;
    const message = `${field} has no effect here: events come to the gateway, and go to callbacks.`;
    source.note({ code: 'no-effect', path: ['data', field], part: 'key', message });
  }
}
