import type { Measure } from '../policy/measure.ts';

/** Tokens that an answer says it has cost, as far as it says so. Whole numbers. */
export interface Usage {
  readonly prompt?: number;
  readonly completion?: number;
  readonly total?: number;
}

type Kind = keyof Usage;

/** What backends call them: OpenAI, Azure and Mistral; OpenAI's Responses and Anthropic; Bedrock; Gemini. */
const names: Readonly<Record<Kind, readonly string[]>> = {
  prompt: ['prompt_tokens', 'input_tokens', 'inputTokens', 'promptTokenCount'],
  completion: ['completion_tokens', 'output_tokens', 'outputTokens', 'candidatesTokenCount'],
  total: ['total_tokens', 'totalTokens', 'totalTokenCount'],
};

/** More than any answer costs: a number beyond it is no count. */
const tokensMax = 1_000_000_000;

/** The usage in a mapping that a backend calls so; undefined when it holds no count. */
export function usageIn(value: unknown): Usage | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(value));
  const counts: { -readonly [Each in Kind]?: number } = {};
  for (const kind of ['prompt', 'completion', 'total'] as const) {
    const found = names[kind].map((name) => fields.get(name)).find(isCount);
    if (found !== undefined) counts[kind] = found;
  }
  return Object.keys(counts).length === 0 ? undefined : counts;
}

/** Both of what a stream said: counts grow, so the greater ones are later. */
export function merged(one: Usage | undefined, other: Usage): Usage {
  const counts: { -readonly [Each in Kind]?: number } = { ...one };
  for (const kind of ['prompt', 'completion', 'total'] as const) {
    const count = other[kind];
    if (count !== undefined) counts[kind] = Math.max(count, counts[kind] ?? 0);
  }
  return counts;
}

/** Tokens of one kind, as said or as the other two leave; undefined when the answer doesn't tell, or the measure is another. */
export function tokensOf({ prompt, completion, total }: Usage, measure: Measure): number | undefined {
  switch (measure) {
    case 'prompt-tokens':
      return prompt ?? difference(total, completion);
    case 'completion-tokens':
      return completion ?? difference(total, prompt);
    case 'total-tokens':
      return total ?? (prompt === undefined || completion === undefined ? undefined : prompt + completion);
    case 'requests':
    case 'request-bytes':
    case 'events':
      return undefined;
    default:
      return measure satisfies never;
  }
}

function difference(total: number | undefined, other: number | undefined): number | undefined {
  return total === undefined || other === undefined ? undefined : Math.max(0, total - other);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= tokensMax;
}
