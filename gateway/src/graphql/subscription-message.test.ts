import { describe, expect, test } from 'vitest';
import { readSubscriptionMessage } from './subscription-message.ts';

const none = { operationName: undefined, variables: {} };

describe('what a client of a subscription says', () => {
  test.each(['start', 'subscribe'])('%s asks', (type) => {
    const text = JSON.stringify({ id: '1', type, payload: { query: '{a}' } });
    expect(readSubscriptionMessage(text)).toEqual({
      kind: 'asks',
      id: '1',
      message: { query: '{a}', ...none },
    });
    const numbered = `{"type":"${type}","id":7,"payload":{"query":"{a}"}}`;
    expect(readSubscriptionMessage(numbered)).toMatchObject({ kind: 'asks', id: '7' });
  });

  test.each(['connection_init', 'connection_terminate', 'stop', 'complete', 'ping', 'pong'])(
    '%s is free',
    (type) => {
      expect(readSubscriptionMessage(JSON.stringify({ type, payload: { query: '{a}' } }))).toEqual({
        kind: 'free',
      });
    },
  );

  test.each([
    ['', 'no JSON'],
    ['[]', 'a list'],
    ['{"type":"start","id":"1"', 'cut off'],
    ['{"type":"publish","id":"1","payload":{"query":"{a}"}}', 'another type'],
    ['{"id":"1","payload":{"query":"{a}"}}', 'no type'],
    ['{"type":"subscribe","payload":{"query":"{a}"}}', 'no id'],
    [`{"type":"subscribe","id":"${'x'.repeat(201)}","payload":{"query":"{a}"}}`, 'a long id'],
    ['{"type":"ping","type":"subscribe","id":"1","payload":{"query":"{a}"}}', 'two types'],
    ['{"type":"ping","Type":"subscribe","id":"1","payload":{"query":"{a}"}}', 'a type in another case'],
    ['{"type":"subscribe","id":"1","payload":{"query":"{a}","query":"{b}"}}', 'two queries'],
  ])('%s is unknown: %s', (text) => {
    expect(readSubscriptionMessage(text)).toEqual({ kind: 'unknown' });
  });

  test.each(['null', '"{a}"', '{}', '{"query":1}', '{"Query":"{a}","query":"{b}"}'])(
    'the payload %s is invalid',
    (payload) => {
      const read = readSubscriptionMessage(`{"type":"start","id":"1","payload":${payload}}`);
      expect(read.kind === 'asks' && 'invalid' in read.message).toBe(true);
    },
  );
});
