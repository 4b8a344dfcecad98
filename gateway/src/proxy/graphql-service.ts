import type { Invalid } from '../graphql/document.ts';
import { chooseOperation } from '../graphql/document.ts';
import { measureQuery } from '../graphql/measure-query.ts';
import type { GraphqlMessage } from '../graphql/message.ts';
import { type GraphqlSchema, type OperationKind, readSchema } from '../graphql/schema.ts';
import type { Api, GraphqlApi, Operation } from '../policy/catalogue.ts';
import type { GraphqlBounds } from '../policy/tiers.ts';
import { graphqlCauses } from './graphql-causes.ts';
import { causes, type Refusal } from './refusal.ts';

/** What a document asks for, and by which operations of the API it is ruled. */
export interface Asked {
  readonly depth: number;
  readonly complexity: number;
  /** Each once, at least one. */
  readonly operations: readonly Operation[];
}

/** An API of type GRAPHQL as its requests meet it. */
export class GraphqlService {
  readonly #schema: GraphqlSchema;
  readonly #complexity: GraphqlApi['complexity'];
  /** By verb and target, as configured. */
  readonly #operations: ReadonlyMap<string, Operation>;
  /** Fields that the operator doesn't list: those every schema has, and all others when none is listed. */
  readonly #others = new Map<string, Operation>();

  constructor(api: Api, graphql: GraphqlApi) {
    const schema = readSchema(graphql.schema);
    if ('problem' in schema) throw new Error(`the schema of API ${api.name} is not readable`);
    this.#schema = schema;
    this.#complexity = graphql.complexity;
    this.#operations = new Map(api.operations.map((operation) => [nameOf(operation), operation]));
  }

  /** Understands a request, before anything is counted. */
  ask({ query, operationName, variables }: GraphqlMessage): Asked | Refusal {
    const operation = chooseOperation(query, operationName);
    if ('invalid' in operation) return invalidQuery(operation);
    const by = { schema: this.#schema, complexity: this.#complexity };
    const measure = measureQuery(operation, by, variables);
    if ('invalid' in measure) return invalidQuery(measure);
    const { depth, complexity, rootFields } = measure;
    const operations: Operation[] = [];
    for (const field of rootFields) {
      const found = this.#operation(operation.kind, field);
      if (found === undefined) return noOperation;
      operations.push(found);
    }
    return { depth, complexity, operations };
  }

  #operation(kind: OperationKind, field: string): Operation | undefined {
    const named = { target: `/${field}`, verb: kind.toUpperCase() };
    const name = nameOf(named);
    const listed = this.#operations.get(name) ?? this.#others.get(name);
    if (listed !== undefined) return listed;
    if (this.#operations.size > 0 && !field.startsWith('__')) return undefined;
    // As many as the schema has fields at its top: measuring has refused all others.
    const other = { ...named, open: false };
    this.#others.set(name, other);
    return other;
  }
}

/** Why a request asks for more than its plan allows, if so (wso2.md 1.9). */
export function beyondBounds(
  { depth, complexity }: Pick<Asked, 'depth' | 'complexity'>,
  bounds: GraphqlBounds | undefined,
): Refusal | undefined {
  const { depthMax = Infinity, complexityMax = Infinity } = bounds ?? {};
  if (depth > depthMax) {
    const description = `maximum query depth exceeded ${depth} > ${depthMax}`;
    return { cause: { ...graphqlCauses.deepQuery, description } };
  }
  if (complexity > complexityMax) {
    const description = `maximum query complexity exceeded ${complexity} > ${complexityMax}`;
    return { cause: { ...graphqlCauses.complexQuery, description } };
  }
  return undefined;
}

const noOperation: Refusal = { cause: causes.noResource };
const descriptionCharactersMax = 300;

/** What isn't GraphQL, told to its sender. */
export function invalidQuery({ invalid }: Invalid): Refusal {
  const description = `${invalid.slice(0, descriptionCharactersMax)}.`;
  return { cause: { ...graphqlCauses.invalidQuery, description } };
}

function nameOf({ verb, target }: Pick<Operation, 'verb' | 'target'>): string {
  return `${verb} ${target}`;
}
