import type {
  ArgumentNode,
  FieldNode,
  FragmentDefinitionNode,
  SelectionSetNode,
  ValueNode,
} from 'graphql/language';
import type { ChosenOperation, Invalid } from './document.ts';
import type { GraphqlSchema, SchemaType } from './schema.ts';

/** What one request asks for. */
export interface QueryMeasure {
  /** Fields on the longest way down. */
  readonly depth: number;
  /** Each field costs its own value and those below it, times what its arguments ask for (wso2.md 1.9). May be infinite. */
  readonly complexity: number;
  /** The names of the fields at the top, each once, through fragments too. */
  readonly rootFields: readonly string[];
}

export interface MeasuredBy {
  readonly schema: GraphqlSchema;
  /** Own values of fields, by `Type.field`; others cost 1. */
  readonly complexity: ReadonlyMap<string, number>;
}

/** Ways down are no longer, however they are built. */
const levelsMax = 500;

/** Measures an operation. Selections that the schema doesn't have make it invalid; `@skip` and `@include` change nothing. */
export function measureQuery(
  operation: ChosenOperation,
  by: MeasuredBy,
  variables: Readonly<Record<string, unknown>>,
): QueryMeasure | Invalid {
  const root = by.schema.types.get(by.schema.roots[operation.kind]);
  if (root === undefined) return { invalid: `The API has no ${operation.kind}` };
  const walk = new Walk(operation, by, variables);
  try {
    const { depth, complexity } = walk.selection(operation.definition.selectionSet, root, 0);
    const rootFields = new Set<string>();
    walk.addRootFields(operation.definition.selectionSet, { names: rootFields, seen: new Set() });
    return { depth, complexity, rootFields: [...rootFields] };
  } catch (error) {
    if (error instanceof InvalidSelection) return { invalid: error.message };
    throw error;
  }
}

/** Ends a walk from any depth; never leaves this file. */
class InvalidSelection extends Error {}

interface Weight {
  readonly depth: number;
  readonly complexity: number;
}

const nothing: Weight = { depth: 0, complexity: 0 };

class Walk {
  readonly #operation: ChosenOperation;
  readonly #by: MeasuredBy;
  readonly #variables: Readonly<Record<string, unknown>>;
  /** Each fragment is measured once, so that using it often costs nothing; `open` while it is being measured. */
  readonly #fragments = new Map<string, Weight | 'open'>();

  constructor(operation: ChosenOperation, by: MeasuredBy, variables: Readonly<Record<string, unknown>>) {
    this.#operation = operation;
    this.#by = by;
    this.#variables = variables;
  }

  selection({ selections }: SelectionSetNode, parent: SchemaType, level: number): Weight {
    let depth = 0;
    let complexity = 0;
    for (const selection of selections) {
      const weight = this.#weigh(selection, parent, level + 1);
      depth = Math.max(depth, weight.depth);
      complexity += weight.complexity;
    }
    if (level > levelsMax || depth > levelsMax)
      throw new InvalidSelection(`Selections are nested more than ${levelsMax} deep`);
    return { depth, complexity };
  }

  addRootFields(
    { selections }: SelectionSetNode,
    found: { readonly names: Set<string>; readonly seen: Set<string> },
  ): void {
    for (const selection of selections) {
      if (selection.kind === 'Field') found.names.add(selection.name.value);
      else if (selection.kind === 'InlineFragment') this.addRootFields(selection.selectionSet, found);
      else if (!found.seen.has(selection.name.value)) {
        found.seen.add(selection.name.value);
        this.addRootFields(this.#fragment(selection.name.value).selectionSet, found);
      }
    }
  }

  #weigh(selection: SelectionSetNode['selections'][number], parent: SchemaType, level: number): Weight {
    switch (selection.kind) {
      case 'Field':
        return this.#field(selection, parent, level);
      case 'InlineFragment': {
        const { typeCondition, selectionSet } = selection;
        const type = typeCondition === undefined ? parent : this.#type(typeCondition.name.value);
        return this.selection(selectionSet, type, level);
      }
      case 'FragmentSpread':
        return this.#spread(selection.name.value, level);
      default:
        return selection satisfies never;
    }
  }

  #field(field: FieldNode, parent: SchemaType, level: number): Weight {
    const name = field.name.value;
    const typeName = parent.fields.get(name);
    if (typeName === undefined) throw new InvalidSelection(`${parent.name} has no field ${name}`);
    const type = this.#by.schema.types.get(typeName);
    const { selectionSet } = field;
    if ((type === undefined) !== (selectionSet === undefined)) {
      const what = type === undefined ? 'has no fields' : 'needs a selection of fields';
      throw new InvalidSelection(`${parent.name}.${name} ${what}`);
    }
    const below =
      type === undefined || selectionSet === undefined ? nothing : this.selection(selectionSet, type, level);
    const own = this.#by.complexity.get(`${parent.name}.${name}`) ?? 1;
    return {
      depth: below.depth + 1,
      complexity: this.#factor(field.arguments ?? []) * (own + below.complexity),
    };
  }

  #spread(name: string, level: number): Weight {
    const known = this.#fragments.get(name);
    if (known === 'open') throw new InvalidSelection(`The fragment ${name} holds itself`);
    if (known !== undefined) return known;
    const { typeCondition, selectionSet } = this.#fragment(name);
    this.#fragments.set(name, 'open');
    const weight = this.selection(selectionSet, this.#type(typeCondition.name.value), level);
    this.#fragments.set(name, weight);
    return weight;
  }

  #fragment(name: string): FragmentDefinitionNode {
    const fragment = this.#operation.fragments.get(name);
    if (fragment === undefined) throw new InvalidSelection(`There is no fragment ${name}`);
    return fragment;
  }

  #type(name: string): SchemaType {
    const type = this.#by.schema.types.get(name);
    if (type === undefined) throw new InvalidSelection(`There is no type ${name} with fields`);
    return type;
  }

  /** As WSO2 sums it: what `first`, `last` and `limit` ask for, and 1 for every other argument; at least 1. */
  #factor(given: readonly ArgumentNode[]): number {
    let factor = 0;
    for (const { name, value } of given)
      factor += slicing.has(name.value.toLowerCase()) ? this.#asked(value) : 1;
    return Math.max(1, factor);
  }

  #asked(value: ValueNode): number {
    if (value.kind === 'Variable') return this.#ofVariable(value.name.value);
    return 'value' in value ? amount(value.value) : 0;
  }

  #ofVariable(name: string): number {
    if (Object.hasOwn(this.#variables, name)) return amount(this.#variables[name]);
    const definitions = this.#operation.definition.variableDefinitions ?? [];
    const defaults = definitions
      .filter(({ variable }) => variable.name.value === name)
      .map(({ defaultValue }) => (defaultValue === undefined ? 0 : this.#asked(defaultValue)));
    return Math.max(0, ...defaults);
  }
}

const slicing: ReadonlySet<string> = new Set(['first', 'last', 'limit']);

/** Numbers may be written as strings where a schema has its own scalars. What is no number asks for nothing. */
function amount(value: unknown): number {
  const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : 0;
  return number > 0 ? Math.ceil(number) : 0;
}
