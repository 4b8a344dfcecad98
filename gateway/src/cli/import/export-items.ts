import { roleOf } from '../../config/home.ts';
import { type Export, type ExportKind, recognise, type Recognised } from '../../config/recognise.ts';
import { partOf, whyUnread } from '../../config/project-parts.ts';
import type { ExportFile, TextFile } from './export-tree.ts';

/** One thing to take over, of one file or more. */
export interface ExportItem {
  /** The files of the tree that it is made of. */
  readonly files: readonly string[];
  readonly kind: ExportKind;
  /** What tells it from other items. */
  readonly identity: readonly string[];
  /** Where in the home it would stand: a file, or the folder of a project with a slash at its end. */
  readonly place: string;
  /** What would stand there, by paths below the place; an empty path is the place itself. */
  readonly parts: readonly ItemPart[];
}

/** A file of an item; one without text is not taken over, but said to be there. `from` is its path in the tree. */
export interface ItemPart {
  readonly path: string;
  readonly from: string;
  readonly text?: string;
}

export interface Grouped {
  readonly items: readonly ExportItem[];
  readonly notSupported: readonly Reason[];
  readonly ignored: readonly Reason[];
}

/** A file of the tree that is not taken over, and why. */
export interface Reason {
  readonly file: string;
  readonly why: string;
}

/** Finds what there is to take over in a tree; every file ends in an item or in one of the two lists. */
export function groupExports(files: readonly ExportFile[]): Grouped {
  const texts = files.filter((file) => 'text' in file);
  const known = new Map(texts.map((file) => [file.path, recognise(file)]));
  const roots = projectRoots(texts, known);
  const byRoot = new Map<string, ExportFile[]>([...roots].map((root) => [root, []]));
  for (const file of files) byRoot.get(rootOf(file.path, roots) ?? '/')?.push(file);
  const projects = [...byRoot].flatMap(([root, inside]) => projectOf(root, inside, known));
  const taken = new Set(projects.flatMap((one) => ('identity' in one ? one.files : [one.file])));
  const rest = files.filter(({ path }) => !taken.has(path)).map((file) => placed(file, roots, known));
  const all = [...projects, ...rest];
  return {
    items: all.flatMap((one) => ('identity' in one ? one : [])),
    notSupported: all.flatMap((one) => ('isProblem' in one && one.isProblem ? one : [])),
    ignored: all.flatMap((one) => ('isProblem' in one && !one.isProblem ? one : [])),
  };
}

type Placed = ExportItem | (Reason & { readonly isProblem: boolean });

/** What becomes of a file that is no part of a project. */
function placed(
  file: ExportFile,
  roots: ReadonlySet<string>,
  known: ReadonlyMap<string, Recognised>,
): Placed {
  const { path } = file;
  const because = (why: string, isProblem = false): Placed => ({ file: path, why, isProblem });
  const root = rootOf(path, roots);
  const why = root === undefined ? undefined : whyUnread(path.slice(root.length));
  if (why !== undefined) return because(why);
  if ('inside' in file) {
    const item = archived(file);
    return typeof item === 'string' ? because(item, true) : item;
  }
  if ('unread' in file) return because(file.unread, file.isProblem);
  const found = known.get(path) ?? { kind: 'unknown' };
  if (found.kind === 'not-served') return because(found.what, true);
  if (found.kind === 'parameters') return because(parametersAlone, true);
  if (found.kind === 'unknown') return because('nothing in it is known here');
  return singleItem({ from: file.path, text: file.text }, found);
}

const parametersAlone =
  "It doesn't say which API its parameters are for: put it into the API's project, as api_params.yaml.";

/**
 * Folders that hold a project of an API, a product or an application, or a deployment directory; each ends with a slash, the tree
 * itself is empty.
 */
function projectRoots(
  texts: readonly TextFile[],
  known: ReadonlyMap<string, Recognised>,
): ReadonlySet<string> {
  const roots = new Set<string>();
  for (const { path } of texts) {
    const kind = known.get(path)?.kind;
    const [, folder = '', name = ''] = /^(.*\/)?([^/]+)$/.exec(path) ?? [];
    const isProject =
      (/^api(?:_product)?\.(?:yaml|yml|json)$/.test(name) && (kind === 'api' || kind === 'not-served')) ||
      (/^application\.(?:yaml|yml|json)$/.test(name) && kind === 'application') ||
      (/(?:^|\/)DeploymentArtifacts_[^/]+\/$/.test(folder) && kind === 'parameters');
    if (isProject) roots.add(folder);
    else if (/^(?:swagger|openapi)\./.test(name) && /(?:^|\/)Definitions\/$/.test(folder))
      roots.add(folder.slice(0, -'Definitions/'.length));
  }
  // What a product is exported with belongs to it.
  const isInside = (root: string): boolean => roots.has(root.replace(/APIs\/[^/]+\/$/, ''));
  return new Set([...roots].filter((root) => !/(?:^|\/)APIs\/[^/]+\/$/.test(root) || !isInside(root)));
}

/** The innermost project that a file lies in. */
function rootOf(path: string, roots: ReadonlySet<string>): string | undefined {
  for (let end = path.lastIndexOf('/'); end >= 0; end = path.lastIndexOf('/', end - 1)) {
    const folder = path.slice(0, end + 1);
    if (roots.has(folder)) return folder;
    if (end === 0) break;
  }
  return roots.has('') ? '' : undefined;
}

function projectOf(
  root: string,
  files: readonly ExportFile[],
  known: ReadonlyMap<string, Recognised>,
): readonly Placed[] {
  const inside = files
    .filter((file) => 'text' in file)
    .map(({ path, text }) => ({ path: path.slice(root.length), from: path, text }));
  const item = itemOf(root.replace(/\/$/, ''), inside, (path) => known.get(root + path));
  if (typeof item !== 'string')
    return [withUnread(item, { paths: files.map(({ path }) => path), root, from: '' })];
  return partsOf(inside).map(({ from }) => ({ file: from, why: item, isProblem: true }));
}

/** An API with the parts of its project that are not read, so that what their absence means is said; each folder once. */
function withUnread(
  item: ExportItem,
  { paths, root, from }: { readonly paths: readonly string[]; readonly root: string; readonly from: string },
): ExportItem {
  if (item.kind !== 'api' || !item.place.endsWith('/')) return item;
  const read = new Set(item.parts.map(({ path }) => root + path));
  const unread = paths.filter((path) => path.startsWith(root) && !read.has(path));
  const parts = new Set(
    unread
      .map((path) => path.slice(root.length))
      .filter((path) => whyUnread(path) !== undefined)
      .map((path) => (partOf(path) === path ? path : `${partOf(path)}/`)),
  );
  const others = [...parts].map((path) => ({ path, from: from + root + path }));
  return { ...item, parts: [...item.parts, ...others] };
}

/** What an archive holds, or why that isn't known. */
function archived({
  path,
  inside,
  paths,
}: ExportFile & { inside: readonly TextFile[]; paths: readonly string[] }): ExportItem | string {
  const known = new Map(inside.map((file) => [file.path, recognise(file)]));
  const roots = projectRoots(inside, known);
  const [root, ...more] = roots;
  if (root === undefined) {
    const foreign = [...known.values()].find((found) => found.kind === 'not-served');
    return foreign?.kind === 'not-served'
      ? foreign.what
      : 'There is no api.yaml, api_product.yaml or application.yaml in it.';
  }
  if (more.length > 0) return 'It holds several projects; unpack it.';
  const parts = inside
    .filter((file) => file.path.startsWith(root))
    .map((file) => ({ path: file.path.slice(root.length), from: `${path}/${file.path}`, text: file.text }));
  const item = itemOf(path.replace(/\.zip$/, ''), parts, (part) => known.get(root + part));
  if (typeof item === 'string') return item;
  return { ...withUnread(item, { paths, root, from: `${path}/` }), files: [path] };
}

/** A project of the files below its folder, or why it can't be taken over. */
function itemOf(
  folder: string,
  files: readonly Required<ItemPart>[],
  knownAs: (path: string) => Recognised | undefined,
): ExportItem | string {
  const found = files.map((file) => ({ file, as: knownAs(file.path) }));
  const description = found.find(({ file }) => /^api(?:_product)?\.(?:yaml|yml|json)$/.test(file.path))?.as;
  if (description?.kind === 'not-served') return description.what;
  for (const { file, as } of description?.kind === 'api' ? [] : found) {
    if (as?.kind === 'application') return singleItem(file, as);
  }
  const api = [description, ...found.map(({ as }) => as)].find((as) => as?.kind === 'api');
  const parts = partsOf(files);
  const folderName = folder.split('/').at(-1) ?? folder;
  return {
    files: parts.map(({ from }) => from),
    kind: api === undefined ? 'parameters' : 'api',
    identity: api !== undefined && 'names' in api ? api.names : [folderName],
    place: `apis/${safe(api !== undefined && 'stem' in api ? (api.stem ?? folderName) : folderName)}/`,
    parts,
  };
}

/** The files of a project that mean something in a home. */
function partsOf(files: readonly Required<ItemPart>[]): readonly Required<ItemPart>[] {
  return files.filter(({ path }) => roleOf(`apis/x/${path}`) !== undefined);
}

const folderOf: Readonly<Record<ExportKind, string>> = {
  policy: 'policies',
  application: 'applications',
  'deny-policy': 'deny-policies',
  api: 'apis',
  parameters: 'apis',
  deployment: 'repository/conf',
};

function singleItem({ from, text }: Pick<Required<ItemPart>, 'from' | 'text'>, found: Export): ExportItem {
  const { kind } = found;
  const [, stem = '', ending = ''] = /([^/]*)\.([^.]+)$/.exec(from) ?? [];
  const name = kind === 'deployment' ? 'deployment' : safe(found.stem ?? stem);
  return {
    files: [from],
    kind,
    identity: found.names,
    place: `${folderOf[kind]}/${name}.${ending === 'yml' ? 'yaml' : ending}`,
    parts: [{ path: '', from, text }],
  };
}

/** A name as it may stand in a path of the home. */
function safe(name: string): string {
  const written = name
    .replace(/[^A-Za-z0-9._@-]+/g, '-')
    .replace(/^[.-]+|[.~-]+$/g, '')
    .slice(0, 200);
  return written === '' ? 'unnamed' : written;
}
