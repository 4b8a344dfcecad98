import { type Graft, graftedSource } from './grafted-source.ts';
import { quote } from './nearest-name.ts';
import { isRecord, type Path, type SourceFile, valueAt } from './source-file.ts';

/** What placeholders stand for. */
export interface VariablesWanted {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** `$NAME` and `${NAME}`, or the second alone. */
  readonly form: 'both' | 'braces';
}

/** Longer values are no settings. */
const charactersMax = 10_000;
const nodesDeepMax = 100;

/**
 * A file whose strings at some paths and below have apictl's placeholders replaced by environment variables. One that isn't
 * set is an error, as it is for apictl.
 */
export function withVariables(
  source: SourceFile,
  paths: readonly Path[],
  wanted: VariablesWanted,
): SourceFile {
  const grafts: Graft[] = [];
  const visit = (value: unknown, path: Path): void => {
    if (path.length > nodesDeepMax) return;
    if (typeof value === 'string') {
      const replaced = value.includes('$') ? replaceIn(source, value, path, wanted) : value;
      if (replaced !== value) grafts.push({ at: path, value: replaced, from: { source, path } });
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) visit(item, [...path, index]);
    } else if (isRecord(value)) {
      for (const [key, item] of Object.entries(value)) visit(item, [...path, key]);
    }
  };
  for (const path of paths) visit(valueAt(source.value, path), path);
  return grafts.length === 0 ? source : graftedSource(source, grafts);
}

const forms = { both: /\$(?:\{(\w+)\}|([A-Za-z_]\w*))/g, braces: /\$\{(\w+)\}/g };

function replaceIn(source: SourceFile, text: string, path: Path, wanted: VariablesWanted): string {
  const { variables, form } = wanted;
  const unset = new Set<string>();
  const replaced = text.replace(forms[form], (placeholder, braced?: string, bare?: string | number) => {
    const name = braced ?? String(bare);
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (value === undefined || value === '') unset.add(name);
    return value === undefined || value === '' ? placeholder : value;
  });
  for (const name of unset) {
    const message = `The environment variable ${quote(name)} is not set.`;
    source.error({ code: 'invalid-placeholder', path, message });
  }
  if (replaced.length <= charactersMax) return replaced;
  const message = `The value is longer than ${charactersMax} characters.`;
  source.error({ code: 'invalid-placeholder', path, message });
  return text;
}
