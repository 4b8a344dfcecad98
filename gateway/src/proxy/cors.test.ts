import { describe, expect, test } from 'vitest';
import type { Cors } from '../policy/catalogue.ts';
import { corsFields, isPreflight, preflightFields } from './cors.ts';

const app = 'https://app.example.com';
const listed: Cors = {
  origins: [app, 'https://b.example.com'],
  credentials: true,
  methods: ['GET', 'POST'],
  headers: ['apikey', 'Content-Type'],
  exposed: ['X-Total'],
};
const every: Cors = { ...listed, origins: 'every', credentials: false, exposed: [] };

const ours = 'activityid, RateLimit, RateLimit-Policy, Retry-After';
const toEvery = ['Access-Control-Allow-Origin', '*', 'Access-Control-Expose-Headers', ours];
const toApp = [
  'Vary',
  'Origin',
  'Access-Control-Allow-Origin',
  app,
  'Access-Control-Allow-Credentials',
  'true',
  'Access-Control-Expose-Headers',
  `${ours}, X-Total`,
];

describe('the fields of every answer', () => {
  test.each<[string, Cors, readonly string[], readonly string[]]>([
    ['one of several origins', listed, ['Origin', app], toApp],
    ['another origin', listed, ['Origin', 'https://evil.example'], ['Vary', 'Origin']],
    ['one in other letters', listed, ['Origin', 'https://APP.example.com'], ['Vary', 'Origin']],
    ['one of which it is the beginning', listed, ['Origin', `${app}.evil.example`], ['Vary', 'Origin']],
    ['no origin', listed, ['Host', 'a'], ['Vary', 'Origin']],
    ['two origins', listed, ['Origin', app, 'origin', app], ['Vary', 'Origin']],
    ['any origin where all may', every, ['Origin', 'null'], toEvery],
    ['no origin where all may', every, ['Host', 'a'], toEvery],
  ])('%s', (_, cors, request, fields) => {
    expect(corsFields(cors, request)).toEqual(fields);
  });
});

describe('a preflight', () => {
  const asked = ['Origin', app, 'Access-Control-Request-Method', 'POST'];

  test.each<[string, readonly string[], boolean]>([
    ['OPTIONS', asked, true],
    ['GET', asked, false],
    ['OPTIONS', ['Origin', app], false],
    ['OPTIONS', asked.slice(2), false],
  ])('%s %j: %s', (method, fields, is) => {
    expect(isPreflight({ method, fields })).toBe(is);
  });

  test.each<[string, Cors, readonly string[], string, readonly string[]]>([
    [
      'is told the methods of the resource that are allowed',
      listed,
      asked,
      'DELETE, OPTIONS, POST',
      ['Access-Control-Allow-Methods', 'POST', 'Access-Control-Allow-Headers', 'apikey, Content-Type'],
    ],
    ['is told of no method where none is', { ...listed, headers: [] }, asked, 'OPTIONS, PUT', []],
    ['of another origin is told nothing', listed, ['Origin', 'https://evil.example'], 'POST', []],
    [
      'is told the names it asked for where all are allowed, and nothing else',
      { ...every, headers: 'asked' },
      [...asked, 'Access-Control-Request-Headers', 'x-a, b c,,X-B, "d"'],
      'GET',
      [
        'Access-Control-Allow-Methods',
        'GET',
        'Access-Control-Allow-Headers',
        'x-a, X-B',
        'Vary',
        'Access-Control-Request-Headers',
      ],
    ],
  ])('%s', (_, cors, request, methods, fields) => {
    expect(preflightFields(cors, request, methods)).toEqual(fields);
  });
});
