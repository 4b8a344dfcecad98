import { type Home, productAround, projectPartOf } from '../../config/home.ts';
import { recognise } from '../../config/recognise.ts';
import type { ExportItem, ItemPart, Reason } from './export-items.ts';

/** Items with their places, and files that get none. `kept` are those that the home has otherwise, and goes on having. */
export interface PlacedItems {
  readonly items: readonly ExportItem[];
  readonly notSupported: readonly Reason[];
  readonly ignored: readonly Reason[];
  readonly kept: readonly Reason[];
}

/**
 * Gives each item its place in the home: that of the same thing in the home, if there is one, else one of its own. What stands
 * twice in the tree is taken once, and what the home has already is replaced only with `overwrite`.
 */
export function placeItems(
  items: readonly ExportItem[],
  home: Home,
  { overwrite }: { readonly overwrite: boolean },
): PlacedItems {
  const { once, same, others } = takenOnce(items);
  const texts = new Map(home.map(({ path, text }) => [path, text]));
  const inHome = placesIn(home);
  const used = new Set([...texts.keys()].flatMap((path) => [path, `${projectPartOf(path)?.project ?? ''}/`]));
  const placed: ExportItem[] = [];
  const kept: Reason[] = [];
  for (const item of once) {
    const [place, ...more] = new Set(keysOf(item).flatMap((key) => inHome.get(key) ?? []));
    if (place === undefined) {
      const free = freePlace(item.place, used);
      used.add(free);
      placed.push({ ...item, place: free });
    } else if (more.length > 0 || formOf(place) !== formOf(item.place)) {
      const where = [place, ...more].join(' and ');
      kept.push(...because(item, `the home has it in another form: ${where}`));
    } else if (overwrite || item.parts.every((part) => isThere(part, place, texts)))
      placed.push({ ...item, place });
    else kept.push(...because(item, `the home has another one in ${place}; --overwrite replaces it`));
  }
  return { items: placed, notSupported: others, ignored: same, kept };
}

/** Each item once; those of its name that come later are the same, or another that can't have the name too. */
function takenOnce(items: readonly ExportItem[]) {
  const byKey = new Map<string, ExportItem>();
  const once: ExportItem[] = [];
  const same: Reason[] = [];
  const others: Reason[] = [];
  for (const item of items) {
    const keys = keysOf(item);
    const twin = keys.map((key) => byKey.get(key)).find((other) => other !== undefined);
    if (twin === undefined) {
      once.push(item);
      for (const key of keys) byKey.set(key, item);
    } else if (isSame(item, twin)) same.push(...because(item, `the same as ${twin.files[0]}`));
    else others.push(...because(item, `${twin.files[0]} has another one of this name.`));
  }
  return { once, same, others };
}

function formOf(place: string): 'archive' | 'project' | 'file' {
  if (place.includes('.zip/')) return 'archive';
  return place.endsWith('/') ? 'project' : 'file';
}

function isThere({ path, text }: ItemPart, place: string, texts: ReadonlyMap<string, string>): boolean {
  return text === undefined || texts.get(place + path) === text;
}

function because(item: ExportItem, why: string): readonly Reason[] {
  return item.files.map((file) => ({ file, why }));
}

function keysOf({ kind, identity }: Pick<ExportItem, 'kind' | 'identity'>): readonly string[] {
  return identity.map((name) => `${kind} ${name}`);
}

/** Where the things of a home stand, each by what tells it from others. */
function placesIn(home: Home): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  for (const file of home) {
    const found = file.text === '' ? undefined : recognise(file);
    if (found === undefined || !('names' in found)) continue;
    const part = projectPartOf(file.path);
    if (part !== undefined && productAround(part.project) !== undefined) continue;
    const isProject = part !== undefined && found.kind !== 'application' && found.kind !== 'deployment';
    const place = isProject ? `${part.project}/` : file.path;
    const identity =
      found.kind === 'parameters' && part !== undefined ? [part.project.replace(/.*\//s, '')] : found.names;
    for (const key of keysOf({ kind: found.kind, identity })) places.set(key, place);
  }
  return places;
}

function freePlace(wanted: string, used: ReadonlySet<string>): string {
  const [, stem = wanted, ending = ''] = /^(.*?)(\.[a-z]+|\/)$/.exec(wanted) ?? [];
  for (let number = 1; ; number++) {
    const place = number === 1 ? wanted : `${stem}-${number}${ending}`;
    if (!used.has(place)) return place;
  }
}

function isSame(one: ExportItem, other: ExportItem): boolean {
  const texts = (item: ExportItem): string =>
    JSON.stringify(item.parts.map(({ path, text }) => [path, text]));
  return texts(one) === texts(other);
}
