import type { Diagnostic, DiagnosticCode } from '../../config/diagnostic.ts';
import { deploymentPaths, type Environment, type Home, type HomeFile } from '../../config/home.ts';
import { readConfig } from '../../config/read-config.ts';
import type { ExportItem } from './export-items.ts';

/** An item, and what a gateway would say about it. */
export interface SortedItem {
  readonly item: ExportItem;
  readonly outcome: 'exact' | 'approximated' | 'not-supported';
  /** Errors of what is not supported, warnings of what is approximated, notes of what is exact. */
  readonly remarks: readonly Remark[];
}

/** `at` is a place in the tree of exports. */
export interface Remark {
  readonly at: string;
  readonly code: DiagnosticCode;
  readonly message: string;
}

/** What a home with all items in it that can be served says about each; or the errors of the home without any of them. */
export type SortItems =
  | { readonly sorted: readonly SortedItem[] }
  | { readonly broken: readonly Diagnostic[] };

/**
 * Sorts items by what `readConfig` finds: one with an error is not supported and left out, and then what needs it is not
 * supported either. There is no second opinion about what is supported here.
 */
export function sortItems(items: readonly ExportItem[], home: Home, environment: Environment): SortItems {
  const before = errorsOf(home, environment);
  if (before.length > 0) return { broken: before };
  const leftOut: SortedItem[] = [];
  let left = items;
  for (let because = ''; ; because = ' (without what is not taken over)') {
    const { diagnostics } = readConfig(withItems(home, left), environment);
    const found = byItem(left, diagnostics);
    const failing = new Set(left.filter((item) => errorsAbout(item, found.get(item)).length > 0));
    if (failing.size === 0) {
      const strange = errorsOf(withItems(home, left), environment);
      if (strange.length > 0) return { broken: strange };
      return { sorted: [...leftOut, ...left.map((item) => sortedItem(item, found.get(item) ?? []))] };
    }
    for (const item of failing) {
      const remarks = errorsAbout(item, found.get(item)).map((about) => remarkOf(item, about, because));
      leftOut.push({ item, outcome: 'not-supported', remarks });
    }
    left = left.filter((item) => !failing.has(item));
  }
}

/** What a gateway needs at its own place keeps no file from being taken over. */
const neededLater: ReadonlySet<DiagnosticCode> = new Set(['invalid-placeholder', 'unreadable-file']);
/** A home that is still being filled. */
const notYet: ReadonlySet<DiagnosticCode> = new Set(['missing-deployment-toml', 'missing-home', 'no-api']);

function isFatal({ severity, code }: Diagnostic): boolean {
  return severity === 'error' && !neededLater.has(code);
}

function errorsOf(home: Home, environment: Environment): readonly Diagnostic[] {
  const { diagnostics } = readConfig(home, environment);
  return diagnostics.filter((diagnostic) => isFatal(diagnostic) && !notYet.has(diagnostic.code));
}

/** A policy that asks for what isn't there does nothing at all, even where nothing uses it and no gateway minds. */
function errorsAbout({ kind }: ExportItem, diagnostics: readonly Diagnostic[] = []): readonly Diagnostic[] {
  return diagnostics.filter(
    (diagnostic) =>
      isFatal(diagnostic) ||
      (kind === 'policy' && diagnostic.severity === 'warning' && diagnostic.code === 'not-supported'),
  );
}

function withItems(home: Home, items: readonly ExportItem[]): Home {
  const files = new Map<string, HomeFile>(home.map((file) => [file.path, file]));
  for (const { place, parts } of items) {
    for (const { path, text } of parts) files.set(place + path, { path: place + path, text: text ?? '' });
  }
  const hasSettings = deploymentPaths.some((path) => files.has(path));
  return [...files.values(), ...(hasSettings ? [] : [{ path: deploymentPaths[0], text: '' }])];
}

function byItem(
  items: readonly ExportItem[],
  diagnostics: readonly Diagnostic[],
): ReadonlyMap<ExportItem, readonly Diagnostic[]> {
  const places = new Map(items.map((item) => [item.place, item]));
  const found = new Map<ExportItem, Diagnostic[]>();
  for (const diagnostic of diagnostics) {
    const { file } = diagnostic.at;
    const project = /^apis\/[^/]+\//.exec(file)?.[0] ?? file;
    const item = places.get(file) ?? places.get(project);
    if (item === undefined) continue;
    const others = found.get(item);
    if (others === undefined) found.set(item, [diagnostic]);
    else others.push(diagnostic);
  }
  return found;
}

function sortedItem(item: ExportItem, diagnostics: readonly Diagnostic[]): SortedItem {
  const changes = diagnostics.filter(({ severity }) => severity !== 'note');
  const outcome = changes.length > 0 ? 'approximated' : 'exact';
  const remarks = (outcome === 'exact' ? diagnostics : changes).map((about) => remarkOf(item, about));
  return { item, outcome, remarks };
}

function remarkOf(
  { place, parts }: ExportItem,
  { at, code, message, hint }: Diagnostic,
  because = '',
): Remark {
  const inside = at.file.slice(place.length);
  const [first] = parts;
  const folder = first?.from.slice(0, first.from.length - first.path.length);
  const from = parts.find(({ path }) => path === inside)?.from ?? folder ?? at.file;
  const words = `${message}${hint === undefined ? '' : ` ${hint}`}${because}`;
  return {
    at: at.text === '' && at.line === 1 ? from : `${from}:${at.line}:${at.column}`,
    code,
    message: words,
  };
}
