import { describe, expect, test } from 'vitest';
import { hidesMessage, readJsonMessage, readQueryMessage, repeatedName } from './message.ts';

const none = { operationName: undefined, variables: {} };

describe('a message in JSON', () => {
  test.each([
    ['{"query":"{a}"}', { query: '{a}', ...none }],
    ['{"query":"{a}","variables":null,"operationName":null}', { query: '{a}', ...none }],
    ['{"query":"{a}","operationName":""}', { query: '{a}', ...none }],
    [
      '{"query":"{a}","operationName":"A","variables":{"n":1}}',
      { query: '{a}', operationName: 'A', variables: { n: 1 } },
    ],
    [
      '{"query":"{a}","variables":"{\\"n\\":1}"}',
      { query: '{a}', operationName: undefined, variables: { n: 1 } },
    ],
    ['{"query":"{a}","extensions":{"persistedQuery":{}},"id":1}', { query: '{a}', ...none }],
  ])('%s', (text, message) => {
    expect(readJsonMessage(text)).toEqual(message);
  });

  test.each([
    ['[{"query":"{a}"},{"query":"{b}"}]', /Several/],
    ['[]', /Several/],
    ['', /no JSON object/],
    ['"{a}"', /no JSON object/],
    ['null', /no JSON object/],
    ['{"query":1}', /no query/],
    ['{"extensions":{"persistedQuery":{"sha256Hash":"a"}}}', /no query/],
    ['{"query":"{a}","operationName":1}', /operationName/],
    ['{"query":"{a}","variables":[1]}', /variables/],
    ['{"query":"{a}","variables":"x"}', /variables/],
    ['{"query":"{a}","variables":"{\\"n\\":1,\\"n\\":2}"}', /variables/],
    ['{"query":"{a}","query":"{b}"}', /twice/],
    ['{"query":"{a}","qu\\u0065ry":"{b}"}', /twice/],
    ['{"query":"{a}","Query":"{b}"}', /ambiguous: query/],
    ['{"query":"{a}","QUERY ":"{b}"}', /ambiguous: query/],
    ['{"query":"{a}","variables":{"n":1,"n":1000}}', /twice/],
    ['\uFEFF{"query":"{a}"}', /no JSON object/],
  ])('%s is refused', (text, problem) => {
    const found = readJsonMessage(text);
    expect('invalid' in found ? found.invalid : 'sound').toMatch(problem);
  });

  test('one name twice is found in every object, and only there', () => {
    expect(repeatedName('{"a":{"b":1},"c":{"b":2},"d":["a","a",{"a":"a"}]}')).toBeUndefined();
    expect(repeatedName('{"a":[{"x\\"":1, "x\\"" :2}]}')).toBe('x"');
    expect(repeatedName('{"a":"{\\"b\\":1,\\"b\\":2}"}')).toBeUndefined();
  });
});

describe('a message in a query string', () => {
  test.each([
    ['?query=%7Ba+b%7D', { query: '{a b}', ...none }],
    [
      '?x=1&query={a}&operationName=A&variables={"n":1}',
      { query: '{a}', operationName: 'A', variables: { n: 1 } },
    ],
  ])('%s', (queryString, message) => {
    expect(readQueryMessage(queryString)).toEqual(message);
  });

  test.each([
    ['', /no query/],
    ['?query={a}&query={b}', /ambiguous/],
    ['?query={a}&Query={b}', /ambiguous/],
    ['?query={a}&query[]={b}', /ambiguous/],
    ['?query={a}&query.x={b}', /ambiguous/],
    ['?query={a}&qu%65ry={b}', /ambiguous/],
    ['?query={a};query={b}', /semicolon/],
    ['?query=%FF', /UTF-8/],
  ])('%s is refused', (queryString, problem) => {
    const found = readQueryMessage(queryString);
    expect('invalid' in found ? found.invalid : 'sound').toMatch(problem);
  });

  test.each([
    ['', false],
    ['?a=1&b', false],
    ['?query={a}', true],
    ['?QUERY={a}', true],
    ['?variables={}', true],
    ['?operationName=A', true],
    ['?query[0]={a}', true],
    ['?a=1;query={a}', true],
    ['?%ZZ', true],
  ])('beside a body, %s may be taken for a message: %s', (queryString, hides) => {
    expect(hidesMessage(queryString)).toBe(hides);
  });
});
