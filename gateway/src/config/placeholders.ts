import type { Environment } from './home.ts';
import { didYouMean, quote } from './nearest-name.ts';
import { isRecord, type Path, type SourceFile, valueAt } from './source-file.ts';

/**
 * Replaces the placeholders in a string of deployment.toml (wso2.md 2.7.5): `$env{}`, `$sys{}`, `$ref{}` and `$secret{}`,
 * several in one string too. One that can't be resolved is reported at the path, and then nothing is returned. Carbon's
 * `${...}` stay as they are.
 */
export type Expand = (text: string, path: Path) => string | undefined;

export const placeholderPattern: RegExp = /\$(env|sys|ref|secret)\{([^{}]*)\}/;
const everyPlaceholder = new RegExp(placeholderPattern, 'g');

/** No setting is longer, and none refers to another through more steps; without bounds they could grow without end. */
const charactersMax = 10_000;
const stepsMax = 20;
const tablesDeepMax = 20;

export function placeholders(source: SourceFile, environment: Environment): Expand {
  const root = source.value;
  const references = scalarsIn(root);
  const resolved = new Map<string, Resolved>();

  const expand = (text: string, above: readonly string[]): Resolved => {
    if (/\$(env|sys|ref|secret)\{[^{}]*$/.test(text))
      return { problem: 'A placeholder has no closing brace.' };
    let expanded = '';
    let end = 0;
    for (const found of text.matchAll(everyPlaceholder)) {
      const [placeholder, kind = '', name = ''] = found;
      const value = resolve(kind, name, above);
      if (typeof value !== 'string') return value;
      expanded += text.slice(end, found.index) + value;
      end = found.index + placeholder.length;
    }
    expanded += text.slice(end);
    return expanded.length > charactersMax
      ? { problem: `The value is longer than ${charactersMax} characters.` }
      : expanded;
  };
  const resolve = (kind: string, name: string, above: readonly string[]): Resolved => {
    if (kind === 'env') return environmentVariable(environment, name);
    if (kind === 'sys') return systemProperty(environment, name);
    return kind === 'secret' ? secret(root, name) : reference(name, above);
  };
  const reference = (name: string, above: readonly string[]): Resolved => {
    const known = resolved.get(name);
    if (known !== undefined) return known;
    const text = references.get(name);
    if (text === undefined)
      return unknown(`There is no value ${quote(name)} in this file.`, name, [...references.keys()]);
    if (above.includes(name))
      return { problem: `${[...above, name].map(quote).join(' refers to ')}, in a circle.` };
    if (above.length >= stepsMax)
      return { problem: `More than ${stepsMax} values refer to each other in a row.` };
    const value = expand(text, [...above, name]);
    resolved.set(name, value);
    return value;
  };

  return (text, path) => {
    const value = expand(text, []);
    if (typeof value === 'string') return value;
    source.error({ code: 'invalid-placeholder', path, message: value.problem, hint: value.hint });
    return undefined;
  };
}

type Resolved = string | { readonly problem: string; readonly hint?: string | undefined };

function environmentVariable(environment: Environment, name: string): Resolved {
  return variable(environment, name) ?? { problem: `The environment variable ${quote(name)} is not set.` };
}

/** There is no JVM: a property `a.b` is the environment variable of that name, or else `A_B`. */
function systemProperty(environment: Environment, name: string): Resolved {
  const upper = name.toUpperCase().replace(/[^A-Z0-9]/g, '_');
  const problem = `The system property ${quote(name)} is not set.`;
  const hint = `Here it is taken from the environment variable ${quote(name)} or ${quote(upper)}.`;
  return variable(environment, name) ?? variable(environment, upper) ?? { problem, hint };
}

function variable({ variables }: Environment, name: string): string | undefined {
  return Object.hasOwn(variables, name) ? variables[name] : undefined;
}

/** The table `[secrets]` holds `alias = "[plaintext]"`; WSO2's cipher tool rewrites that encrypted, for its own key store. */
function secret(root: unknown, alias: string): Resolved {
  const secrets = valueAt(root, ['secrets']);
  const value = valueAt(secrets, [alias]);
  if (value === undefined) {
    return unknown(
      `There is no ${quote(alias)} in [secrets].`,
      alias,
      isRecord(secrets) ? Object.keys(secrets) : [],
    );
  }
  const plain = typeof value === 'string' ? /^\[(.*)\]$/s.exec(value)?.[1] : undefined;
  const problem = `The secret ${quote(alias)} is encrypted by WSO2 and can't be read here.`;
  return (
    plain ?? { problem, hint: 'Take it from the environment with $env{NAME}, or write it as "[plaintext]".' }
  );
}

function unknown(problem: string, name: string, known: readonly string[]): Resolved {
  return { problem, hint: didYouMean(name, known) };
}

/** Every single value of the file by its dotted name, as `$ref{}` names it. */
function scalarsIn(root: unknown): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const visit = (value: unknown, name: string, depth: number): void => {
    if (isRecord(value)) {
      if (depth > tablesDeepMax) return;
      for (const [key, child] of Object.entries(value))
        visit(child, name === '' ? key : `${name}.${key}`, depth + 1);
    } else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      found.set(name, String(value));
    }
  };
  visit(root, '', 0);
  return found;
}
