import type { Operation } from '../policy/catalogue.ts';

/** The operations of one API by path, a level per segment. */
export interface OperationTree {
  readonly literals: Map<string, OperationTree>;
  /** Below `{name}`, whatever the name. */
  any?: OperationTree;
  /** Operations whose path ends here. */
  readonly here: Map<string, Operation>;
  /** Operations whose path ends in `/*` here. */
  readonly rest: Map<string, Operation>;
}

/** Compiles path templates: literal segments, `{name}`, and `/*` at the end, which stands for any rest, none included. */
export function operationTree(operations: readonly Operation[]): OperationTree {
  const root = emptyTree();
  for (const operation of operations) {
    const segments = segmentsOf(operation.target);
    const open = segments.at(-1) === '*';
    let tree = root;
    for (const segment of open ? segments.slice(0, -1) : segments) tree = below(tree, segment);
    (open ? tree.rest : tree.here).set(operation.verb, operation);
  }
  return root;
}

function below(tree: OperationTree, segment: string): OperationTree {
  if (segment.startsWith('{')) return (tree.any ??= emptyTree());
  const known = tree.literals.get(literalMeaning(segment));
  if (known !== undefined) return known;
  const made = emptyTree();
  tree.literals.set(literalMeaning(segment), made);
  return made;
}

function emptyTree(): OperationTree {
  return { literals: new Map(), here: new Map(), rest: new Map() };
}

/** The segments of a canonical path; a slash at the end makes none. */
export function segmentsOf(path: string): readonly string[] {
  const end = path.endsWith('/') ? path.length - 1 : path.length;
  return end <= 0 ? [] : path.slice(1, end).split('/');
}

/**
 * What a segment means when it is compared with a literal one: `a%21` and `a!` are two spellings that go to the backend as
 * they came, but a backend takes them for one, so they must not be counted as two.
 */
export function literalMeaning(segment: string): string {
  if (!segment.includes('%')) return segment;
  return segment.replace(/%(?:2[146-9A-C]|3[ABD]|40)/g, (escape) =>
    String.fromCharCode(Number.parseInt(escape.slice(1), 16)),
  );
}

/** A canonical path that is walked from slash to slash. */
export interface Walk {
  readonly path: string;
  /** Where its last segment ends, before a slash at its end. */
  readonly end: number;
}

export function walkOf(path: string): Walk {
  return { path, end: path.endsWith('/') ? path.length - 1 : path.length };
}

/** Where the segment ends that begins behind the slash at `slashAt`. */
export function segmentEnd({ path, end }: Walk, slashAt: number): number {
  const next = path.indexOf('/', slashAt + 1);
  return next === -1 ? end : next;
}

/** What the segment behind the slash at `slashAt` means. */
export function segmentMeaning({ path }: Walk, slashAt: number, end: number): string {
  return literalMeaning(path.slice(slashAt + 1, end));
}

/**
 * Finds the operation of what stands from the slash at `slashAt` on, segment by segment: a literal one beats `{name}`, which
 * beats `/*`. A path whose operations don't have the method leaves room for a less exact one that has it.
 */
export function findOperation(
  tree: OperationTree,
  sought: { readonly walk: Walk; readonly method: string },
  slashAt: number,
): Operation | undefined {
  const { walk, method } = sought;
  if (slashAt >= walk.end) {
    return choose(tree.here, method) ?? choose(tree.rest, method);
  }
  const next = segmentEnd(walk, slashAt);
  const literal =
    tree.literals.size === 0 ? undefined : tree.literals.get(segmentMeaning(walk, slashAt, next));
  return (
    (literal && findOperation(literal, sought, next)) ??
    (tree.any && findOperation(tree.any, sought, next)) ??
    choose(tree.rest, method)
  );
}

/** HEAD is answered by GET's operation unless it has its own. */
function choose(operations: ReadonlyMap<string, Operation>, method: string): Operation | undefined {
  if (operations.size === 0) return undefined;
  return (
    operations.get(method) ?? (method === 'HEAD' ? operations.get('GET') : undefined) ?? operations.get('*')
  );
}

/** The methods of all operations that `findOperation` would look at. */
export function methodsAt(tree: OperationTree, walk: Walk, slashAt: number): readonly string[] {
  if (slashAt >= walk.end) return [...tree.here.keys(), ...tree.rest.keys()];
  const next = segmentEnd(walk, slashAt);
  const literal = tree.literals.get(segmentMeaning(walk, slashAt, next));
  const below = [literal, tree.any].filter((one) => one !== undefined);
  return [...below.flatMap((one) => methodsAt(one, walk, next)), ...tree.rest.keys()];
}
