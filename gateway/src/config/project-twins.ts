import { productAround } from './home.ts';
import { quote } from './nearest-name.ts';
import { isRecord, type ParsedFile, type SourceFile, valueAt } from './source-file.ts';
import { apiFieldsWithoutEffect } from './wso2-names.ts';

/** What a project says, before its parameters are applied. */
export interface ParsedProject extends ParsedFile {
  /** Its folder, or the file that is all of it. */
  readonly project: string;
  readonly parameters?: SourceFile | undefined;
}

/**
 * Projects without those inside of products that the home has a second time: a product may be exported with its APIs, and each of
 * them for itself and with other products, too. One that differs is an error.
 */
export function withoutTwins(projects: readonly ParsedProject[]): readonly ParsedProject[] {
  const byName = new Map<string, SourceFile>();
  const twins = new Set<ParsedProject>();
  const isInside = ({ project }: ParsedProject): boolean => productAround(project) !== undefined;
  for (const one of projects.toSorted((a, b) => Number(isInside(a)) - Number(isInside(b)))) {
    const { source } = one;
    const [name, version] = ['name', 'version'].map((field) => valueAt(source?.value, ['data', field]));
    if (source === undefined || typeof name !== 'string' || typeof version !== 'string') continue;
    const key = JSON.stringify([name, version]);
    const first = byName.get(key);
    if (first === undefined) byName.set(key, source);
    else if (isInside(one)) {
      twins.add(one);
      if (one.parameters !== undefined) reportIgnored(one.parameters);
      if (!isSame(fieldsOf(first), fieldsOf(source))) reportOther(source, first);
    }
  }
  return projects.filter((one) => !twins.has(one));
}

function reportIgnored(parameters: SourceFile): void {
  const message = 'This API is taken from elsewhere in the home, with its parameters; these have no effect.';
  parameters.warning({ code: 'ignored-file', path: [], message });
}

function reportOther(source: SourceFile, first: SourceFile): void {
  const { file, line } = first.place(['data', 'name']);
  const name = String(valueAt(source.value, ['data', 'name']));
  const message = `The home has this version of the API ${quote(name)} already, at ${file}:${line}, and it is not the same.`;
  const hint = 'Leave one of them.';
  source.error({ code: 'duplicate', path: ['data', 'name'], message, hint });
}

function fieldsOf({ value }: SourceFile): Readonly<Record<string, unknown>> {
  const data = valueAt(value, ['data']);
  const fields = Object.entries(isRecord(data) ? data : {});
  return Object.fromEntries(fields.filter(([field]) => !apiFieldsWithoutEffect.includes(field)));
}

/** Inside of fields: what two exports of one API needn't have in common. */
const ofNoMatter: ReadonlySet<string> = new Set(['id', 'usedProductIds']);
const deepMax = 100;

function isSame(one: unknown, other: unknown, deep = 0): boolean {
  if (deep > deepMax) return false;
  if (Array.isArray(one) && Array.isArray(other)) {
    const others: readonly unknown[] = other;
    return one.length === others.length && one.every((item, index) => isSame(item, others[index], deep + 1));
  }
  if (!isRecord(one) || !isRecord(other)) return Object.is(one, other);
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].every(
    (key) => ofNoMatter.has(key) || isSame(one[key] ?? undefined, other[key] ?? undefined, deep + 1),
  );
}
