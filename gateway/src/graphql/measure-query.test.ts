import { describe, expect, test } from 'vitest';
import { chooseOperation } from './document.ts';
import { measureQuery, type QueryMeasure } from './measure-query.ts';
import { readSchema } from './schema.ts';

const text = `
schema { query: Root mutation: Change }
type Root { languages: [Language!]! limitLanguage(limit: Int, where: Where): String search: [Found] me: User }
type Change { addLanguage(code: ID!): Language }
interface Named { name: String }
type Language implements Named { code: ID! name: String speakers(first: Int, last: Int): [User] }
type User implements Named { name: String friends(first: Int, after: String): [User] best: User }
union Found = Language | User
input Where { eq: Int }
enum Kind { A B }
extend type User { kind: Kind }
`;
const schema = readSchema(text);
if ('problem' in schema) throw new Error(schema.problem);

interface Given {
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
  readonly complexity?: Readonly<Record<string, number>>;
}

function measured(query: string, { variables = {}, operationName, complexity = {} }: Given = {}) {
  const operation = chooseOperation(query, operationName);
  if ('invalid' in operation) return operation;
  return measureQuery(
    operation,
    { schema, complexity: new Map(Object.entries(complexity)) } as Parameters<typeof measureQuery>[1],
    variables,
  );
}

function sound(query: string, given?: Given): QueryMeasure {
  const found = measured(query, given);
  if ('invalid' in found) throw new Error(found.invalid);
  return found;
}

describe('depth', () => {
  test.each([
    ['{ languages { code name } }', 2],
    ['{ me { best { best { name } } } }', 4],
    ['{ me { ...B } } fragment B on User { best { ...C } } fragment C on User { best { name } }', 4],
    ['{ me { ... on User { name } ... { best { name } } } }', 3],
    ['{ search { ... on Language { code } ... on User { best { name } } __typename } }', 3],
    ['query A { me { name } } query B { me { best { name } } }', 3, 'B'],
    ['{ __schema { types { fields { type { ofType { ofType { name } } } } } } }', 7],
  ])('%s is %d deep', (query, depth, operationName?: string) => {
    expect(sound(query, operationName === undefined ? {} : { operationName }).depth).toBe(depth);
  });
});

describe('complexity', () => {
  test.each<[string, number, Given?]>([
    ['{ languages { code name } }', 3],
    ['{ limitLanguage(where: {eq: 100}) }', 1],
    ['{ limitLanguage(limit: 4) }', 4],
    ['{ limitLanguage(limit: 1000, where: {eq: 100}) }', 1001],
    ['{ limitLanguage(LIMIT: 7) }', 7],
    ['{ languages { speakers(first: 10) { name } } }', 21],
    ['{ languages { speakers(first: 10, last: 5) { name } } }', 31],
    ['{ languages { speakers(first: 0) { name } } }', 3],
    ['{ languages { speakers(first: -5) { name } } }', 3],
    ['{ a: limitLanguage(limit: 4) b: limitLanguage(limit: 4) }', 8],
    ['{ limitLanguage limitLanguage }', 2],
    ['{ limitLanguage @skip(if: true) }', 1],
    ['query ($n: Int) { limitLanguage(limit: $n) }', 50, { variables: { n: 50 } }],
    ['query ($n: Int) { limitLanguage(limit: $n) }', 50, { variables: { n: '50' } }],
    ['query ($n: Int) { limitLanguage(limit: $n) }', 1, { variables: { n: null } }],
    ['query ($n: Int = 30) { limitLanguage(limit: $n) }', 30],
    ['query ($n: Int = 1, $n: Int = 30) { limitLanguage(limit: $n) }', 30],
    ['query ($n: Int = 30) { limitLanguage(limit: $n) }', 2, { variables: { n: 2 } }],
    ['{ languages { code } }', 25, { complexity: { 'Root.languages': 20, 'Language.code': 5 } }],
    ['{ languages { code } }', 0, { complexity: { 'Root.languages': 0, 'Language.code': 0 } }],
    ['{ me { ...A ...A } } fragment A on User { name }', 3],
    ['{ search { ... on Named { name } } }', 8, { complexity: { 'Named.name': 7 } }],
    ['{ limitLanguage(limit: 1e400) }', Infinity],
  ])('%s costs %d', (query, complexity, given) => {
    expect(sound(query, given).complexity).toBe(complexity);
  });

  test('fragments that double each other cost what they would cost written out, and no time', () => {
    const fragments = Array.from(
      { length: 200 },
      (_, at) => `fragment F${at} on User { a: best { ...F${at + 1} } b: best { ...F${at + 1} } }`,
    );
    const query = `{ me { ...F0 } } ${fragments.join('\n')} fragment F200 on User { name }`;
    const { depth, complexity } = sound(query);
    expect(depth).toBe(202);
    expect(complexity).toBeGreaterThan(2 ** 199);
  });
});

describe('operations', () => {
  test.each([
    ['{ languages { code } me { name } }', ['languages', 'me']],
    ['{ a: me { name } b: me { name } }', ['me']],
    ['{ ...A ... on Root { languages { code } } } fragment A on Root { me { name } }', ['me', 'languages']],
    ['mutation { addLanguage(code: 1) { code } }', ['addLanguage']],
    ['{ __schema { queryType { name } } __type(name: "A") { name } }', ['__schema', '__type']],
    ['{ __typename }', ['__typename']],
  ])('%s runs %j', (query, rootFields) => {
    expect(sound(query).rootFields).toEqual(rootFields);
  });
});

describe('what is not valid', () => {
  const deep = (levels: number): string => `{ me ${'{ best '.repeat(levels)}{ name }${'}'.repeat(levels)} }`;
  test.each<[string, RegExp, string?]>([
    ['', /Unexpected <EOF>/],
    ['{ languages { code }', /Expected Name/],
    ['{ nothing }', /Root has no field nothing/],
    ['{ languages }', /needs a selection/],
    ['{ limitLanguage { a } }', /has no fields/],
    ['{ me { ...A } }', /no fragment A/],
    ['{ me { ...A } } fragment A on User { ...A }', /holds itself/],
    ['{ me { ...A } } fragment A on User { best { ...B } } fragment B on User { ...A }', /holds itself/],
    ['{ me { ...A } } fragment A on Kind { name }', /no type Kind with fields/],
    ['{ me { ... on Nobody { name } } }', /no type Nobody/],
    ['{ me { name } } fragment A on User { name } fragment A on User { best { name } }', /two fragments A/],
    ['query A { me { name } } query A { languages { code } }', /two operations A/, 'A'],
    ['{ me { name } } query A { me { name } }', /must be the only one/, 'A'],
    ['query A { me { name } } query B { me { name } }', /name the one to run/],
    ['query A { me { name } }', /no operation B/, 'B'],
    ['{ me { name } }', /no operation B/, 'B'],
    ['fragment A on User { name }', /must hold one operation/],
    ['type A { a: Int }', /no type definitions/],
    ['subscription { a }', /no subscription/],
    [`{ ${'a '.repeat(10_001)} }`, /more than 10000 tokens/],
    [deep(250), /nested more than 200 deep/],
    [`{ limitLanguage(where: ${'['.repeat(300)}`, /nested more than 200 deep/],
  ])('%.60s', (query, problem, operationName) => {
    const found = measured(query, operationName === undefined ? {} : { operationName });
    expect('invalid' in found ? found.invalid : 'sound').toMatch(problem);
  });

  test('no chain of fragments is too long for the stack', () => {
    const chain = Array.from(
      { length: 900 },
      (_, at) => `fragment F${at} on User { best { ...F${at + 1} } }`,
    );
    const query = `{ me { ...F0 } } ${chain.join(' ')} fragment F900 on User { name }`;
    expect(measured(query)).toEqual({ invalid: 'Selections are nested more than 500 deep' });
    const backwards = `${chain.toReversed().join(' ')} fragment F900 on User { name } { me { ...F900 ...F899 ...F600 ...F300 ...F0 } }`;
    expect(measured(backwards)).toHaveProperty('invalid');
  });
});

test('a schema without a query, or that is none, says where', () => {
  expect(readSchema('type A { a: Int }')).toEqual({ problem: 'There is no type Query', line: 1 });
  expect(readSchema('type A {\n a: \n}')).toMatchObject({ line: 3 });
});
