import { type Graft, graftedSource } from './grafted-source.ts';
import { isRecord, type Path, type SourceFile, valueAt } from './source-file.ts';

/** Whether a file describes an API product, as apictl exports it or as WSO2's REST API answers it. */
export function isProduct(value: unknown): boolean {
  const type = valueAt(value, ['type']);
  if (typeof type === 'string') return /^api[_ ]product$/i.test(type);
  return isBare(value);
}

/** What the REST API answers has no envelope. */
function isBare(value: unknown): boolean {
  if (!isRecord(value) || value['data'] !== undefined) return false;
  return typeof value['apiType'] === 'string' && /^api[_ ]?product$/i.test(value['apiType']);
}

/** A product in its envelope. */
export function enveloped(source: SourceFile): SourceFile {
  const here = { source, path: [] };
  const envelope = isBare(source.value)
    ? [
        { at: [], value: { type: 'api_product' }, from: here },
        { at: ['data'], value: source.value, from: here },
      ]
    : [{ at: ['type'], value: 'api_product', from: { source, path: ['type'] } }];
  return graftedSource(source, envelope);
}

/**
 * A product with the fields of an API: the operations of all of its APIs in one list, and what API Manager called otherwise or
 * hadn't before 4.2, when products had no version in their paths.
 */
export function asApi(product: SourceFile): SourceFile {
  const is = (field: string): boolean => (valueAt(product.value, ['data', field]) ?? undefined) !== undefined;
  const state = valueAt(product.value, ['data', 'state']);
  return graftedSource(product, [
    ...(is('lifeCycleStatus') || !is('state') ? [] : [graft(product, 'lifeCycleStatus', state, 'state')]),
    ...(is('version') ? [] : [graft(product, 'version', '1.0.0', 'name')]),
    ...(is('version') || is('isDefaultVersion') ? [] : [graft(product, 'isDefaultVersion', true, 'name')]),
    ...operationGrafts(product),
  ]);
}

function graft(source: SourceFile, field: string, value: unknown, from: string): Graft {
  return { at: ['data', field], value, from: { source, path: ['data', from] } };
}

/** Where each operation of a product is written, in its order. */
export function operationPaths(product: SourceFile): readonly Path[] {
  return itemsAt(product, ['data', 'apis']).flatMap((at) => itemsAt(product, [...at, 'operations']));
}

function itemsAt(source: SourceFile, path: Path): readonly Path[] {
  const list = valueAt(source.value, path);
  return Array.isArray(list) ? Array.from(list.keys(), (index) => [...path, index]) : [];
}

function operationGrafts(product: SourceFile): readonly Graft[] {
  const at = ['data', 'operations'];
  const paths = operationPaths(product);
  const value = paths.map((path) => valueAt(product.value, path));
  return [
    { at, value, from: { source: product, path: ['data', 'apis'], part: 'key' } },
    ...paths.map((path, index) => ({ at: [...at, index], from: { source: product, path } })),
  ];
}
