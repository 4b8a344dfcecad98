import { graftedSource } from './grafted-source.ts';
import type { HomeFile } from './home.ts';
import {
  isRecord,
  type ParsedFile,
  type Path,
  type Report,
  type SourceFile,
  valueAt,
} from './source-file.ts';
import { parseYamlDocuments } from './yaml-file.ts';

/*
 * Policies, applications and deny policies come out of WSO2 in several wrappings: as apictl writes them, as the REST APIs
 * answer (one, or a list of them), and several in one file. Here they are brought into the first of these; findings still name
 * the place where each thing stands.
 */

/** The policies, applications or deny policies of a file. */
export function parseExports(file: HomeFile, report: Report): readonly ParsedFile[] {
  const { path } = file;
  return parseYamlDocuments(file, report).flatMap((source): readonly ParsedFile[] =>
    source === undefined
      ? [{ path, source }]
      : itemsOf(source).map((item) => ({ path, source: unwrapped(item) })),
  );
}

/** The items of a list, or of what a REST API answers when it is asked for all. */
function itemsOf(source: SourceFile): readonly SourceFile[] {
  const at: Path = Array.isArray(source.value) ? [] : ['list'];
  const list = valueAt(source.value, at);
  const isAnswer = at.length === 0 || valueAt(source.value, ['count']) !== undefined;
  if (!Array.isArray(list) || !isAnswer) return [source];
  const items: readonly unknown[] = list;
  return items.map((value, index) =>
    graftedSource(source, [{ at: [], value: value ?? {}, from: { source, path: [...at, index] } }]),
  );
}

function unwrapped(source: SourceFile): SourceFile {
  const { value } = source;
  if (!isRecord(value)) return source;
  if (value['policyName'] !== undefined) return inEnvelope(source, policyEnvelope(value));
  if (value['applicationInfo'] !== undefined && value['data'] === undefined)
    return inEnvelope(source, { type: 'application' });
  const isApplication = value['throttlingPolicy'] !== undefined && value['name'] !== undefined;
  if (isApplication && value['data'] === undefined)
    return inEnvelope(source, { type: 'application' }, ['data', 'applicationInfo']);
  return isRecord(value['data']) ? withWords(source) : source;
}

/** What a REST API answers has no envelope; a mapping named by its class stands where `data` would. */
function inEnvelope(
  source: SourceFile,
  envelope: Readonly<Record<string, unknown>>,
  at: Path = ['data'],
): SourceFile {
  const here = { source, path: [] };
  return graftedSource(source, [
    { at: [], value: envelope, from: here },
    { at, value: source.value, from: here },
  ]);
}

function policyEnvelope(policy: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const type = String(policy['type']).toLowerCase();
  const named = classes.find(([name]) => type === name)?.[1];
  const seen = policy['keyTemplate'] === undefined ? undefined : 'custom rule';
  const subtype =
    named ?? seen ?? (policy['conditionalGroups'] === undefined ? undefined : 'advanced policy');
  return { type: 'throttling policy', ...(subtype !== undefined && { subtype }) };
}

const classes: readonly (readonly [string, string])[] = [
  ['subscriptionthrottlepolicy', 'subscription policy'],
  ['applicationthrottlepolicy', 'application policy'],
  ['advancedthrottlepolicy', 'advanced policy'],
  ['customrule', 'custom rule'],
];

/** Other words for the same: those of WSO2's own description of its REST API, and of apictl's options. */
function withWords(source: SourceFile): SourceFile {
  const type = wordFor(types, valueAt(source.value, ['type']));
  const subtype = type === 'application' ? undefined : wordFor(subtypes, valueAt(source.value, ['subtype']));
  return graftedSource(source, [
    ...(type === undefined ? [] : [{ at: ['type'], value: type, from: { source, path: ['type'] } }]),
    ...(subtype === undefined
      ? []
      : [{ at: ['subtype'], value: subtype, from: { source, path: ['subtype'] } }]),
  ]);
}

function wordFor(words: Readonly<Record<string, string>>, written: unknown): string | undefined {
  if (typeof written !== 'string') return undefined;
  const word = written.toLowerCase();
  return Object.hasOwn(words, word) ? words[word] : undefined;
}

const types: Readonly<Record<string, string>> = {
  'throttling policy': 'throttling policy',
  'rate-limiting policy': 'throttling policy',
  'rate limiting policy': 'throttling policy',
  application: 'application',
};

const subtypes: Readonly<Record<string, string>> = {
  'subscription policy': 'subscription policy',
  subscription: 'subscription policy',
  sub: 'subscription policy',
  'application policy': 'application policy',
  application: 'application policy',
  app: 'application policy',
  'advanced policy': 'advanced policy',
  advanced: 'advanced policy',
  api: 'advanced policy',
  'custom rule': 'custom rule',
  custom: 'custom rule',
  global: 'custom rule',
};
