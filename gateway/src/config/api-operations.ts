import * as z from 'zod';
import type { Operation } from '../policy/catalogue.ts';
import type { AdvancedPolicy } from '../policy/tiers.ts';
import { checkFields, checkValue } from './check-value.ts';
import { listOf, mapping, oneOf, text } from './expected.ts';
import { outlineOf, targetProblem } from './path-template.ts';
import type { PolicyBook } from './policy-book.ts';
import type { Path, SourceFile } from './source-file.ts';

const path: Path = ['data', 'operations'];

const operationSchema = mapping(
  {
    target: text({ expected: 'a path such as "/items/{id}"', charactersMax: 1000 }),
    verb: oneOf(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', '*']),
    authType: oneOf([
      'Application & Application User',
      'Application',
      'Application User',
      'Any',
      'None',
    ]).nullish(),
    throttlingPolicy: text({ expected: 'the name of an advanced policy', charactersMax: 60 }).nullish(),
  },
  [
    'id',
    'description',
    'scopes',
    'usedProductIds',
    'operationPolicies',
    'operationHubPolicies',
    'payloadSchema',
    'schemaDefinition',
    'uriMapping',
    'amznResourceName',
    'amznResourceTimeout',
    'amznResourceContentEncode',
    'apiOperationMapping',
    'backendOperationMapping',
  ],
);

/**
 * An API's operations (wso2.md 4.3). Without any, everything below the base path is served for the five usual methods, as
 * WSO2's publisher creates new APIs. Problems are reported.
 */
export function readOperations(source: SourceFile, book: PolicyBook): readonly Operation[] {
  const written = checkValue(source, listOf(z.unknown(), 'operations').nullish(), path);
  if (written === undefined || written === null || written.length === 0) return wholeApi;
  const seen = new Map<string, number>();
  const operations: Operation[] = [];
  for (const index of written.keys()) {
    const operation = readOperation(source, book, index);
    if (operation === undefined) continue;
    reportDuplicate(source, seen, operation, index);
    operations.push(operation);
  }
  return operations;
}

function readOperation(source: SourceFile, book: PolicyBook, index: number): Operation | undefined {
  const at = [...path, index];
  const { target, verb, authType, throttlingPolicy } = checkFields(source, operationSchema, at);
  const problem = target === undefined ? undefined : targetProblem(target);
  if (problem !== undefined) {
    source.error({ code: 'invalid-value', path: [...at, 'target'], message: `target ${problem}.` });
  }
  const policy = throttlingPolicy
    ? limitingPolicy(book, throttlingPolicy, source, [...at, 'throttlingPolicy'])
    : undefined;
  if (target === undefined || verb === undefined) return undefined;
  return { target, verb, open: authType === 'None', ...(policy && { policy }) };
}

/** The advanced policy of that name; nothing when it doesn't limit, as WSO2's Unlimited. */
export function limitingPolicy(
  book: PolicyBook,
  name: string,
  source: SourceFile,
  at: Path,
): AdvancedPolicy | undefined {
  const policy = book.advanced.find(name, source, at);
  return policy?.limit === undefined ? undefined : policy;
}

const wholeApi: readonly Operation[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map((verb) => ({
  target: '/*',
  verb,
  open: false,
}));

function reportDuplicate(
  source: SourceFile,
  seen: Map<string, number>,
  operation: Operation,
  index: number,
): void {
  const outline = `${operation.verb} ${outlineOf(operation.target)}`;
  const first = seen.get(outline);
  if (first === undefined) {
    seen.set(outline, index);
    return;
  }
  const { line } = source.place([...path, first]);
  const message = `${outline} is an operation already, at line ${line}.`;
  source.error({ code: 'duplicate', path: [...path, index, 'target'], message });
}
