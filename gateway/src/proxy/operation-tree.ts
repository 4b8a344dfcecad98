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

/**
 * Finds the operation of a path, segment by segment: a literal one beats `{name}`, which beats `/*`. A path whose
 * operations don't have the method leaves room for a less exact one that has it; what was passed over is told to
 * `otherMethods`.
 */
export function findOperation(
  tree: OperationTree,
  sought: {
    readonly segments: readonly string[];
    readonly method: string;
    readonly otherMethods: (methods: Iterable<string>) => void;
  },
  depth = 0,
): Operation | undefined {
  const segment = sought.segments[depth];
  if (segment === undefined) {
    const found = choose(tree.here, sought);
    if (found !== undefined) return found;
  } else {
    const literal = tree.literals.get(literalMeaning(segment));
    const found =
      (literal && findOperation(literal, sought, depth + 1)) ??
      (tree.any && findOperation(tree.any, sought, depth + 1));
    if (found !== undefined) return found;
  }
  return choose(tree.rest, sought);
}

/** HEAD is answered by GET's operation unless it has its own. */
function choose(
  operations: ReadonlyMap<string, Operation>,
  sought: { readonly method: string; readonly otherMethods: (methods: Iterable<string>) => void },
): Operation | undefined {
  if (operations.size === 0) return undefined;
  const { method } = sought;
  const found =
    operations.get(method) ?? (method === 'HEAD' ? operations.get('GET') : undefined) ?? operations.get('*');
  if (found === undefined) sought.otherMethods(operations.keys());
  return found;
}
