import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { frameErrorOf, frameErrors, frameText } from './frame-errors.ts';
import { graphqlCauses } from './graphql-causes.ts';
import { causes, overLimit, type Cause } from './refusal.ts';

const document = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
const codeOf = (cause: Cause): number => frameErrorOf({ cause }).code;

describe('the codes of frames', () => {
  test('have a row each in docs/errors.md, and no row has no code', () => {
    const section = /## Messages of WebSockets\n(.*?)\n## /s.exec(document)?.[1] ?? '';
    const rows = [...section.matchAll(/^\| (4\d{3}(?:, 4\d{3})*) \|/gm)].flatMap(([, codes = '']) =>
      codes.split(', '),
    );
    const said = [
      ...Object.values(frameErrors).map(({ code }) => code),
      ...[causes, graphqlCauses, overLimit].flatMap((some) => Object.values<Cause>(some).map(codeOf)),
    ];
    expect([...new Set(rows.map(Number))]).toEqual([...new Set(said)].sort((a, b) => a - b));
  });

  test.each([
    ['the token is not known any more', causes.badCredentials, 4001],
    ['no key is shown that is good here', causes.noApiKey, 4001],
    ['the subscription has gone', causes.noSubscription, 4002],
    ['the subscription is blocked', causes.blockedSubscription, 4002],
    ['the API is blocked', causes.blockedApi, 4002],
    ['the operator denies', causes.denied, 4002],
    ['the token lacks a scope', causes.insufficientScope, 4002],
    ['the API has gone', causes.noApi, 4007],
    ['the API opens no WebSockets', causes.unsupported, 4007],
    ['the keys of the issuer can not be had', causes.keysUnavailable, 4000],
    ['a quota is used up', overLimit.subscription, 4003],
    ['the backend has enough', overLimit.backend, 4003],
    ['nobody can tell whether a quota is used up', causes.undecided, 4004],
  ])('%s', (_, cause, code) => {
    expect(codeOf(cause)).toBe(code);
  });

  test('tell the reason', () => {
    expect(frameText(frameErrorOf({ cause: causes.noApi }))).toBe(
      'Error code: 4007 reason: Context Not Found',
    );
    expect(frameText(frameErrorOf({ cause: causes.undecided }))).toBe(
      'Error code: 4004 reason: Rate limit unavailable : The gateway can not decide about the rate limit at the moment',
    );
  });
});
