import type { DefinitionNode, DocumentNode, TypeNode } from 'graphql/language';
import { parseBounded, type Unreadable } from './parse.ts';

/** The types of an API, as far as selections are checked and measured by them. */
export interface GraphqlSchema {
  readonly types: ReadonlyMap<string, SchemaType>;
  /** The name of the type that each kind of operation starts at. */
  readonly roots: Readonly<Record<OperationKind, string>>;
}

export type OperationKind = 'query' | 'mutation' | 'subscription';

/** A type whose fields are selected: an object, an interface or a union, which has no fields of its own. */
export interface SchemaType {
  readonly name: string;
  /** The name of each field's type, without lists and non-null. */
  readonly fields: Map<string, string>;
}

/** A schema lies in a file of at most 1 MiB. */
const bounds = { tokensMax: 500_000, nestedMax: 50 };

/** Reads a schema in GraphQL's schema language. Directives, arguments and input types mean nothing here. */
export function readSchema(text: string): GraphqlSchema | Unreadable {
  const document = parseBounded(text, bounds);
  const own = parseBounded(introspection, bounds);
  if ('problem' in document) return document;
  if ('problem' in own) return own;
  const roots = rootsOf(document);
  const types = new Map<string, SchemaType>();
  for (const definition of [...document.definitions, ...own.definitions]) addType(types, definition);
  const query = types.get(roots.query);
  if (query === undefined) return { problem: `There is no type ${roots.query}`, line: 1 };
  query.fields.set('__schema', '__Schema').set('__type', '__Type');
  return { types, roots };
}

/** WSO2's verb of an operation in GraphQL's words. */
export function operationKind(verb: string): OperationKind {
  if (verb === 'MUTATION') return 'mutation';
  return verb === 'SUBSCRIPTION' ? 'subscription' : 'query';
}

/** Whether the schema has such an operation. */
export function hasOperation(schema: GraphqlSchema, kind: OperationKind, field: string): boolean {
  return schema.types.get(schema.roots[kind])?.fields.has(field) === true;
}

function addType(types: Map<string, SchemaType>, definition: DefinitionNode): void {
  if (!('name' in definition) || definition.name === undefined || !composite.test(definition.kind)) return;
  const name = definition.name.value;
  const type = types.get(name) ?? { name, fields: new Map([['__typename', 'String']]) };
  types.set(name, type);
  if (!('fields' in definition)) return;
  for (const field of definition.fields ?? []) type.fields.set(field.name.value, namedType(field.type));
}

const composite = /^(?:Object|Interface|Union)Type(?:Definition|Extension)$/;

function namedType(type: TypeNode): string {
  return type.kind === 'NamedType' ? type.name.value : namedType(type.type);
}

function rootsOf(document: DocumentNode): GraphqlSchema['roots'] {
  const roots = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' };
  for (const definition of document.definitions) {
    if (definition.kind !== 'SchemaDefinition' && definition.kind !== 'SchemaExtension') continue;
    for (const { operation, type } of definition.operationTypes ?? []) roots[operation] = type.name.value;
  }
  return roots;
}

/** What every schema can be asked about itself (GraphQL, section 4). */
const introspection = `
type __Schema {
  description: String types: __Type queryType: __Type mutationType: __Type subscriptionType: __Type directives: __Directive
}
type __Type {
  kind: __TypeKind name: String description: String specifiedByURL: String isOneOf: Boolean fields: __Field interfaces: __Type
  possibleTypes: __Type enumValues: __EnumValue inputFields: __InputValue ofType: __Type
}
type __Field {
  name: String description: String args: __InputValue type: __Type isDeprecated: Boolean deprecationReason: String
}
type __InputValue {
  name: String description: String type: __Type defaultValue: String isDeprecated: Boolean deprecationReason: String
}
type __EnumValue { name: String description: String isDeprecated: Boolean deprecationReason: String }
type __Directive {
  name: String description: String isRepeatable: Boolean locations: __DirectiveLocation args: __InputValue
  isDeprecated: Boolean deprecationReason: String
}`;
