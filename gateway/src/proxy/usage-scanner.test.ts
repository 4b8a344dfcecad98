import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BackendReceiver } from '../backends/backend-call.ts';
import { tokensOf, type Usage } from './usage.ts';
import { UsageScanner } from './usage-scanner.ts';
import { UsageTap } from './usage-tap.ts';

const silent: BackendReceiver = {
  interim() {},
  head() {},
  data: () => true,
  flush() {},
  end() {},
  failed() {},
  switched() {},
};

/** What a tap reads of an answer in such pieces. */
function usageOf(text: string, type = 'application/json', pieceBytes = 7): Usage | undefined {
  const tap = new UsageTap(silent);
  tap.head(200, ['content-type', type]);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) tap.data(bytes.subarray(at, at + pieceBytes));
  tap.end([]);
  return tap.usage;
}

const sse = (...data: readonly unknown[]): string =>
  data.map((one) => `data: ${typeof one === 'string' ? one : JSON.stringify(one)}\n\n`).join('');

const openAi = {
  prompt_tokens: 9,
  completion_tokens: 12,
  total_tokens: 21,
  prompt_tokens_details: { cached_tokens: 1 },
};

describe('the usage in an answer', () => {
  test.each<[string, unknown, Usage | undefined]>([
    [
      'OpenAI and Azure chat',
      { choices: [{ message: { content: 'x' } }], usage: openAi, system_fingerprint: 'f' },
      { prompt: 9, completion: 12, total: 21 },
    ],
    [
      'Mistral',
      { usage: { total_tokens: 5, prompt_tokens: 2, completion_tokens: 3 }, model: 'm', choices: [] },
      { prompt: 2, completion: 3, total: 5 },
    ],
    [
      'OpenAI responses',
      {
        output: [{ content: [{ text: '}' }] }],
        usage: {
          input_tokens: 3,
          output_tokens: 4,
          total_tokens: 7,
          output_tokens_details: { reasoning_tokens: 0 },
        },
      },
      { prompt: 3, completion: 4, total: 7 },
    ],
    [
      'embeddings',
      { data: [{ embedding: [0.1] }], usage: { prompt_tokens: 8, total_tokens: 8 } },
      { prompt: 8, total: 8 },
    ],
    [
      'Anthropic',
      {
        content: [{ type: 'text', text: '"usage": {"input_tokens": 999}' }],
        usage: { input_tokens: 10, output_tokens: 20 },
      },
      { prompt: 10, completion: 20 },
    ],
    [
      'Bedrock',
      { output: { message: {} }, usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } },
      { prompt: 1, completion: 2, total: 3 },
    ],
    [
      'Gemini',
      [
        {
          candidates: [],
          usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 5, totalTokenCount: 9 },
        },
      ],
      { prompt: 4, completion: 5, total: 9 },
    ],
    ['none', { choices: [] }, undefined],
    ['null', { usage: null, choices: [{ usage: openAi }] }, undefined],
    ['no numbers', { usage: { prompt_tokens: '9', completion_tokens: -1, total_tokens: 1.5 } }, undefined],
    [
      "another object's",
      { metadata: { usage: openAi }, choices: [{ message: { usage: openAi } }] },
      undefined,
    ],
  ])('%s', (_, answer, expected) => {
    expect(usageOf(JSON.stringify(answer))).toEqual(expected);
    expect(usageOf(JSON.stringify(answer, null, 2), 'application/json', 1)).toEqual(expected);
  });

  test.each<[string, string, Usage | undefined]>([
    [
      'OpenAI chat',
      sse({ choices: [{ delta: { content: 'a' } }], usage: null }, { choices: [], usage: openAi }, '[DONE]'),
      { prompt: 9, completion: 12, total: 21 },
    ],
    [
      'OpenAI responses',
      sse(
        { type: 'response.created', response: { usage: null } },
        { type: 'response.output_text.delta', delta: '"usage":{"input_tokens":7}' },
        {
          type: 'response.completed',
          response: { id: 'r', usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 } },
        },
      ),
      { prompt: 1, completion: 2, total: 3 },
    ],
    [
      'Anthropic',
      `event: message_start\n${sse({ type: 'message_start', message: { usage: { input_tokens: 25, output_tokens: 1 } } })}event: ping\ndata: {"type":"ping"}\n\n${sse({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 15 } }, { type: 'message_stop' })}`,
      { prompt: 25, completion: 15 },
    ],
    ['without it', sse({ choices: [{ delta: {} }] }, '[DONE]'), undefined],
    ['broken JSON in between', sse('{"a": "', { usage: openAi }), { prompt: 9, completion: 12, total: 21 }],
  ])('streamed by %s', (_, text, expected) => {
    for (const pieceBytes of [1, 5, 10_000]) {
      expect(usageOf(text, 'text/event-stream', pieceBytes)).toEqual(expected);
    }
  });

  test('is not looked for in what is compressed', () => {
    const tap = new UsageTap(silent);
    tap.head(200, ['content-type', 'application/json', 'content-encoding', 'gzip']);
    tap.data(Buffer.from(JSON.stringify({ usage: openAi })));
    expect(tap.usage).toBeUndefined();
  });

  test('is found beside anything a model may write', () => {
    const json = fc.oneof(fc.json(), fc.constant('{"usage":{"prompt_tokens":1}}'));
    fc.assert(
      fc.property(json, json, fc.string(), (before, after, text) => {
        const answer = `{"a":${before},"s":${JSON.stringify(text)},"usage":{"prompt_tokens":7},"z":${after}}`;
        expect(usageOf(answer, 'application/json', 3)).toEqual({ prompt: 7 });
      }),
      { numRuns: 500 },
    );
  });

  test('that is longer than any is given up, and the scanner goes on', () => {
    const scanner = new UsageScanner();
    scanner.read(Buffer.from(`{"usage":{"x":"${'y'.repeat(5000)}","prompt_tokens":1}}`));
    expect(scanner.usage).toBeUndefined();
    scanner.read(Buffer.from('{"usage":{"prompt_tokens":2}}'));
    expect(scanner.usage).toEqual({ prompt: 2 });
  });
});

test('what is not said of three counts follows from the two others', () => {
  expect(tokensOf({ prompt: 1, completion: 2, total: 9 }, 'total-tokens')).toBe(9);
  expect(tokensOf({ prompt: 1, completion: 2 }, 'total-tokens')).toBe(3);
  expect(tokensOf({ prompt: 1 }, 'total-tokens')).toBeUndefined();
  expect(tokensOf({ prompt: 1 }, 'completion-tokens')).toBeUndefined();
  expect(tokensOf({ prompt: 8, total: 8 }, 'completion-tokens')).toBe(0);
  expect(tokensOf({ completion: 3, total: 8 }, 'prompt-tokens')).toBe(5);
});
