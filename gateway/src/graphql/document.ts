import type { FragmentDefinitionNode, OperationDefinitionNode } from 'graphql/language';
import { parseBounded } from './parse.ts';
import type { OperationKind } from './schema.ts';

/** Why a request isn't GraphQL, for the client. */
export interface Invalid {
  readonly invalid: string;
}

/** The operation of a document that is to run, and the fragments it may use. */
export interface ChosenOperation {
  readonly kind: OperationKind;
  readonly definition: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

const bounds = { tokensMax: 10_000, nestedMax: 200 };

/** Reads a document and finds the one operation that a server would run (GraphQL, section 6.1). */
export function chooseOperation(text: string, operationName: string | undefined): ChosenOperation | Invalid {
  const document = parseBounded(text, bounds);
  if ('problem' in document) return { invalid: `${document.problem} (line ${document.line})` };
  const fragments = new Map<string, FragmentDefinitionNode>();
  const operations: OperationDefinitionNode[] = [];
  for (const definition of document.definitions) {
    if (definition.kind === 'OperationDefinition') operations.push(definition);
    else if (definition.kind !== 'FragmentDefinition')
      return { invalid: 'A request holds no type definitions' };
    else if (fragments.has(definition.name.value))
      return { invalid: `There are two fragments ${definition.name.value}` };
    else fragments.set(definition.name.value, definition);
  }
  const problem = ambiguity(operations);
  if (problem !== undefined) return { invalid: problem };
  const definition = named(operations, operationName);
  if (definition === undefined) return { invalid: missing(operationName) };
  return { kind: definition.operation, definition, fragments };
}

function named(
  operations: readonly OperationDefinitionNode[],
  name: string | undefined,
): OperationDefinitionNode | undefined {
  if (name === undefined) return operations.length === 1 ? operations[0] : undefined;
  return operations.find((operation) => operation.name?.value === name);
}

function missing(operationName: string | undefined): string {
  return operationName === undefined
    ? 'It must hold one operation, or name the one to run'
    : `There is no operation ${operationName}`;
}

/** Servers that don't check may run another one of two with a name. */
function ambiguity(operations: readonly OperationDefinitionNode[]): string | undefined {
  const names = new Set<string>();
  for (const { name } of operations) {
    if (name === undefined && operations.length > 1)
      return 'An operation without a name must be the only one';
    if (name !== undefined && names.has(name.value)) return `There are two operations ${name.value}`;
    if (name !== undefined) names.add(name.value);
  }
  return undefined;
}
