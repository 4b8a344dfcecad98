import * as z from 'zod';
import type { Operation } from '../policy/catalogue.ts';
import type { AdvancedPolicy } from '../policy/tiers.ts';
import { checkFields, checkValue } from './check-value.ts';
import { listOf, mapping, oneOf, text } from './expected.ts';
import { outlineOf, targetProblem } from './path-template.ts';
import type { PolicyBook } from './policy-book.ts';
import type { Path, SourceFile } from './source-file.ts';

const path: Path = ['data', 'operations'];

const operationSchema = (verb: z.ZodType<string>) =>
  mapping(
    {
      target: text({ expected: 'a path such as "/items/{id}"', charactersMax: 1000 }),
      verb,
      authType: oneOf([
        'Application & Application User',
        'Application',
        'Application User',
        'Any',
        'None',
      ]).nullish(),
      throttlingPolicy: text({ expected: 'the name of an advanced policy', charactersMax: 60 }).nullish(),
      scopes: listOf(text({ expected: 'the name of a scope', charactersMax: 255 }), 'scopes').nullish(),
    },
    [
      'id',
      'description',
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
const schemas = {
  rest: operationSchema(oneOf(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', '*'])),
  /** What WSO2 calls the two directions of a stream, and the method that opens one. */
  stream: operationSchema(oneOf(['SUBSCRIBE', 'PUBLISH', 'GET'])),
  topic: operationSchema(oneOf(['SUBSCRIBE'])),
  /** Fields at the top of a schema. */
  graphql: operationSchema(oneOf(['QUERY', 'MUTATION', 'SUBSCRIPTION'])),
};

/** What an API's operations are, by its type. */
export type OperationStyle = 'rest' | 'soap' | 'stream' | 'graphql' | 'topic';

/**
 * An API's operations (wso2.md 4.3). Without any, everything below the base path is served for the five usual methods, as
 * WSO2's publisher creates new APIs; SOAP needs POST only; GraphQL has all fields of its schema; WebSub has no topic. A stream is
 * opened by GET: both of its directions are one operation. Problems are reported.
 */
export function readOperations(
  source: SourceFile,
  book: PolicyBook,
  style: OperationStyle,
): readonly Operation[] {
  const written = checkValue(source, listOf(z.unknown(), 'operations').nullish(), path);
  if (written === undefined || written === null || written.length === 0) return wholeApi(usualVerbs[style]);
  const seen = new Map<string, Written>();
  for (const index of written.keys()) {
    const read = readOperation(source, book, { index, style });
    if (read === undefined) continue;
    const { verb, target } = read.operation;
    // A topic is a name: braces mean nothing in it.
    const outline = `${verb} ${style === 'topic' ? target : outlineOf(target)}`;
    const first = seen.get(outline);
    if (first === undefined) seen.set(outline, read);
    else reportSecond(source, { outline, first, second: read });
  }
  return [...seen.values()].map(({ operation }) => operation);
}

interface Written {
  readonly operation: Operation;
  readonly index: number;
  /** As the file has it. */
  readonly verb: string;
}

function readOperation(
  source: SourceFile,
  book: PolicyBook,
  { index, style }: { readonly index: number; readonly style: OperationStyle },
): Written | undefined {
  const at = [...path, index];
  const schema = style === 'rest' || style === 'soap' ? schemas.rest : schemas[style];
  const { target, verb, authType, throttlingPolicy, scopes } = checkFields(source, schema, at);
  const problem = target === undefined ? undefined : problemOf(target, style);
  if (problem !== undefined) {
    source.error({ code: 'invalid-value', path: [...at, 'target'], message: `target ${problem}.` });
  }
  const policy = throttlingPolicy
    ? limitingPolicy(book, throttlingPolicy, source, [...at, 'throttlingPolicy'])
    : undefined;
  if (target === undefined || verb === undefined) return undefined;
  const open = authType === 'None';
  if (open && style === 'topic') reportNobodysTopic(source, at);
  const tokensOf = authType && subjects[authType];
  const operation: Operation = {
    target: style === 'graphql' || (style === 'topic' && !target.startsWith('/')) ? `/${target}` : target,
    verb: style === 'stream' ? 'GET' : verb,
    open,
    ...(tokensOf && { tokensOf }),
    ...(scopes && scopes.length > 0 && { scopes }),
    ...(policy && { policy }),
  };
  return { operation, index, verb };
}

/** Whom tokens must stand for, by WSO2's authType. */
const subjects: Readonly<Partial<Record<string, 'application' | 'user'>>> = {
  Application: 'application',
  'Application User': 'user',
};

/** Deliveries are counted for an application. */
function reportNobodysTopic(source: SourceFile, at: Path): void {
  const message = 'Topics open to subscribers without a key are not supported: nobody would be counted.';
  source.error({ code: 'not-supported', path: [...at, 'authType'], message });
}

function problemOf(target: string, style: OperationStyle): string | undefined {
  if (style === 'topic')
    return /^\/?[!-~]{1,200}$/.test(target) ? undefined : 'must be 1 to 200 visible ASCII characters';
  if (style !== 'graphql') return targetProblem(target);
  return /^[_A-Za-z]\w*$/.test(target) ? undefined : 'must be the name of a field of the schema';
}

/** The advanced policy of that name; nothing when it doesn't limit, as WSO2's Unlimited. */
export function limitingPolicy(
  book: PolicyBook,
  name: string,
  source: SourceFile,
  at: Path,
): AdvancedPolicy | undefined {
  const policy = book.advanced.find(name, source, at);
  return policy?.limits === undefined ? undefined : policy;
}

const usualVerbs: Readonly<Record<OperationStyle, readonly string[]>> = {
  rest: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
  soap: ['POST'],
  stream: ['GET'],
  graphql: [],
  topic: [],
};

function wholeApi(verbs: readonly string[]): readonly Operation[] {
  return verbs.map((verb) => ({ target: '/*', verb, open: false }));
}

/** The other direction of a stream is no second operation, but it can't have rules of its own. */
function reportSecond(
  source: SourceFile,
  { outline, first, second }: { readonly outline: string; readonly first: Written; readonly second: Written },
): void {
  const { line } = source.place([...path, first.index]);
  const at = [...path, second.index, 'target'];
  if (first.verb === second.verb) {
    const message = `${outline} is an operation already, at line ${line}.`;
    source.error({ code: 'duplicate', path: at, message });
  } else if (
    first.operation.open !== second.operation.open ||
    first.operation.policy?.name !== second.operation.policy?.name
  ) {
    const message = `${second.verb} and ${first.verb} of one target, at line ${line}, are one connection: their authType and throttlingPolicy must be the same.`;
    source.error({ code: 'conflict', path: at, message });
  }
}
