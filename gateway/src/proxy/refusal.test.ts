import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { graphqlCauses } from './graphql-causes.ts';
import { hubCauses } from './hub-causes.ts';
import { type Cause, causes, overLimit } from './refusal.ts';

const all = [causes, graphqlCauses, hubCauses, overLimit].flatMap((some) => Object.values<Cause>(some));
const document = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
const sections = [...document.matchAll(/^### (\d+) \((\d{3}(?:, \d{3})*)\)/gm)];

describe('the catalogue of refusals', () => {
  test('has a section in docs/errors.md for every code with its statuses, and no section has no code', () => {
    const codes = [...new Set(all.map(({ code }) => code))].map((code) => {
      const statuses = new Set(all.filter((cause) => cause.code === code).map(({ status }) => status));
      return `${code} (${[...statuses].sort((a, b) => a - b).join(', ')})`;
    });
    const described = sections.map(([, code, statuses]) => `${code} (${statuses})`);
    expect([...described].sort()).toEqual([...codes].sort());
  });

  test('one code means one thing', () => {
    const unnamed = all.filter(({ code }) => !['900808', '900901', '900908'].includes(code));
    expect(new Set(unnamed.map(({ code }) => code)).size).toBe(unnamed.length);
  });

  test('every status is that of an error', () => {
    expect(all.filter(({ status }) => status < 400 || status > 599)).toEqual([]);
  });
});
