import * as z from 'zod';
import type { Api, Operation } from '../policy/catalogue.ts';
import type { ApiFile } from './api-project.ts';
import { checkFields } from './check-value.ts';
import { listOf, mapping, text } from './expected.ts';
import { didYouMean, quote } from './nearest-name.ts';
import { outlineOf } from './path-template.ts';
import { operationPaths } from './product-source.ts';
import { isRecord, type Path, type SourceFile, valueAt } from './source-file.ts';
import { reportUnknownApi } from './unknown-api.ts';

/** What products may be made of. */
export interface Members {
  readonly files: readonly ApiFile[];
  /** Whether the own file of an API of this name or id has errors: that it isn't there is no second one. */
  isBroken(name: string, version: string | null | undefined): boolean;
}

const listPath: Path = ['data', 'apis'];

/** Finds the API that each operation of a product belongs to. What isn't there, or can't be in a product, is reported. */
export function readMembers(
  product: SourceFile,
  members: Members,
): (operation: Pick<Operation, 'verb' | 'target'>) => Api | undefined {
  const found = new Map<string, Api>();
  const list = valueAt(product.value, listPath);
  const paths = operationPaths(product);
  if (Array.isArray(list) && list.length > 0 && paths.length === 0) {
    const message = 'No API in apis lists an operation; a product serves the operations that it lists.';
    product.error({ code: 'missing-value', path: listPath, part: 'key', message });
  }
  for (const index of Array.isArray(list) ? list.keys() : []) {
    const at = [...listPath, index];
    const member = readMember(product, at, members);
    if (member === undefined) continue;
    for (const path of paths.filter((one) => one[listPath.length] === index)) {
      const [target, verb] = ['target', 'verb'].map((field) => valueAt(product.value, [...path, field]));
      // What else they may be is reported where operations are read.
      if (typeof target !== 'string' || typeof verb !== 'string') continue;
      const operation = { target, verb };
      if (!hasOperation(member.api, operation)) reportMissing(product, path, member, operation);
      found.set(keyOf(operation), member.api);
    }
  }
  return (operation) => found.get(keyOf(operation));
}

const memberSchema = mapping({
  name: text({ expected: 'the name of an API', charactersMax: 60 }).nullish(),
  apiId: text({ expected: 'the id of an API', charactersMax: 255 }).nullish(),
  version: text({ expected: 'the version of the API', charactersMax: 30 }).nullish(),
  operations: listOf(z.unknown(), 'operations').nullish(),
});

/** The API that an entry of a product means: by its name and version, and by its id where those are several APIs'. */
function readMember(product: SourceFile, at: Path, members: Members): ApiFile | undefined {
  const { name, apiId, version } = checkFields(product, memberSchema, at);
  const path = [...at, name ? 'name' : 'apiId'];
  if (!name && !apiId) {
    const written = valueAt(product.value, at);
    const message = 'name is missing; expected the name of an API.';
    if (isRecord(written) && !written['name']) product.error({ code: 'missing-value', path, message });
    return undefined;
  }
  const isMeant = ({ api, source }: ApiFile): boolean =>
    (name ? api.name === name : idOf(source) === apiId) && (!version || api.version === version);
  const candidates = members.files.filter(isMeant);
  const sameId = candidates.filter(({ source }) => apiId && idOf(source) === apiId);
  const [member, ...others] = sameId.length === 1 ? sameId : candidates;
  if (member === undefined) {
    const known = members.files.map(({ api }) => api);
    if (!members.isBroken(name ?? apiId ?? '', version))
      reportUnknownApi({ name: name ?? apiId ?? '', version: version ?? undefined }, known, product, path);
  } else if (others.length > 0) reportSeveral(product, path, candidates);
  else reportUnfit(product, path, member);
  return others.length > 0 ? undefined : member;
}

function idOf(source: SourceFile): unknown {
  return valueAt(source.value, ['data', 'id']);
}

function reportSeveral(product: SourceFile, path: Path, candidates: readonly ApiFile[]): void {
  const all = candidates.map(({ api, source }) => `${api.version} in ${source.path}`).join(', ');
  const message = `There are several APIs of this name: ${all}.`;
  product.error({ code: 'conflict', path, message, hint: 'Say which, with version.' });
}

/** Types of APIs that products may be made of. */
const fitTypes: ReadonlySet<unknown> = new Set([undefined, null, 'HTTP', 'SOAPTOREST']);

function reportUnfit(product: SourceFile, path: Path, { source, api }: ApiFile): void {
  const [type, state] = ['type', 'lifeCycleStatus'].map((field) => valueAt(source.value, ['data', field]));
  if (!fitTypes.has(type)) {
    const message = `The API ${quote(api.name)} is of type ${String(type)}; a product is made of APIs of type HTTP.`;
    product.error({ code: 'not-supported', path, message });
  }
  if (state !== 'BLOCKED' && state !== 'RETIRED') return;
  const message = `The API ${quote(api.name)} is ${state}; the product serves its operations all the same.`;
  product.note({ code: 'no-effect', path, message });
}

function hasOperation({ operations }: Api, { target, verb }: Pick<Operation, 'target' | 'verb'>): boolean {
  const outline = outlineOf(target);
  return operations.some(
    (own) => outlineOf(own.target) === outline && (own.verb === verb || own.verb === '*'),
  );
}

function reportMissing(
  product: SourceFile,
  path: Path,
  { api, source }: ApiFile,
  { target, verb }: Pick<Operation, 'target' | 'verb'>,
): void {
  const { file, line } = source.place(['data', 'operations'], 'key');
  const message = `${verb} ${quote(target)} is no operation of the API ${quote(api.name)} ${api.version}, at ${file}:${line}.`;
  const known = api.operations.map((own) => `${own.verb} ${own.target}`);
  product.error({
    code: 'unknown-operation',
    path: [...path, 'target'],
    message,
    hint: didYouMean(`${verb} ${target}`, known),
  });
}

function keyOf({ target, verb }: Pick<Operation, 'target' | 'verb'>): string {
  return `${verb} ${outlineOf(target)}`;
}
