import {
  type Document,
  type DocumentOptions,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  parseDocument,
  type ParsedNode,
  type ParseOptions,
  type SchemaOptions,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import type { HomeFile } from './home.ts';
import { quote } from './nearest-name.ts';
import {
  type Locate,
  type Position,
  type Report,
  type SourceFile,
  sourceFile,
  syntaxError,
  wholeFile,
} from './source-file.ts';

/** More uses of anchors than these, or of anchors inside anchors, make a file explode. */
const aliasesMax = 100;
const tooManyAliases = `anchors are used more than ${aliasesMax} times`;
/** Deeper files are no configuration, and recursion has its limits. */
const nodesDeepMax = 100;
const tooDeep = 'the file is nested too deeply';
/** Of the problems of one file that the parser doesn't see, such as keys that stand twice. */
const problemsMax = 10;

/** More documents in a file than these are a mistake. */
const documentsMax = 1000;

/** Parses a YAML or JSON file of one document; syntax errors are reported and give nothing. */
export function parseYamlFile(file: HomeFile, report: Report): SourceFile | undefined {
  const lineCounter = new LineCounter();
  return readDocument(file, parseDocument(file.text, optionsWith(lineCounter)), lineCounter, report);
}

/** Parses a file that may hold several documents, each on its own; one with syntax errors gives nothing. */
export function parseYamlDocuments(file: HomeFile, report: Report): readonly (SourceFile | undefined)[] {
  const lineCounter = new LineCounter();
  const all = parseAllDocuments(file.text, optionsWith(lineCounter));
  const documents = Array.isArray(all) ? all : [];
  if (documents.length > documentsMax) {
    report(wholeFile('error', 'too-large', file.path, `The file holds more than ${documentsMax} documents.`));
    return [undefined];
  }
  const filled = documents.filter(({ contents, errors }) => !isNothing(contents) || errors.length > 0);
  if (filled.length > 0) return filled.map((document) => readDocument(file, document, lineCounter, report));
  report(wholeFile('error', 'empty-file', file.path, 'The file is empty.'));
  return [undefined];
}

function isNothing(contents: Document.Parsed['contents']): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}

function optionsWith(lineCounter: LineCounter): ParseOptions & DocumentOptions & SchemaOptions {
  return {
    lineCounter,
    prettyErrors: false,
    logLevel: 'error',
    stringKeys: true,
    // Checked below: the parser's own check takes quadratic time.
    uniqueKeys: false,
  };
}

function readDocument(
  file: HomeFile,
  document: Document.Parsed,
  lineCounter: LineCounter,
  report: Report,
): SourceFile | undefined {
  const positionAt = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  // What follows the first syntax error mostly follows from it.
  const problems = [...document.errors, ...document.warnings].slice(0, 1).map(problemOf);
  if (problems.length === 0) problems.push(...reviewNodes(document));
  for (const { offset, message } of problems.slice(0, problemsMax)) {
    report(syntaxError(file, positionAt(offset), `Not valid YAML: ${message}.`));
  }
  if (problems.length > 0) return undefined;
  const value = valueOf(document);
  if (value === undefined) {
    report(syntaxError(file, { line: 1, column: 1 }, `Not valid YAML: ${tooManyAliases}.`));
    return undefined;
  }
  if (value === null) {
    report(wholeFile('error', 'empty-file', file.path, 'The file is empty.'));
    return undefined;
  }
  return sourceFile(file, value, locator(document, positionAt), report);
}

interface Problem {
  readonly offset: number;
  readonly message: string;
}

/** The parser's message without the piece of the file that it may quote: that may be a secret. */
function problemOf({ pos, code, message }: YAMLError): Problem {
  const [offset] = pos;
  if (code === 'MULTIPLE_DOCS') return { offset, message: 'found a second document, expected one' };
  if (/stack/i.test(message)) return { offset, message: tooDeep };
  return { offset, message: message.replace(/(: | %).*$/s, '').replace(/\.$/, '') };
}

/** Finds what is valid YAML but wouldn't mean what it seems to, and keeps numbers such as 1.0 as they were written. */
function reviewNodes(document: Document.Parsed): readonly Problem[] {
  const problems: Problem[] = [];
  let aliases = 0;
  const isTooDeep = (node: Node, ancestors: readonly unknown[]): boolean => {
    if (ancestors.length <= nodesDeepMax) return false;
    problems.push({ offset: offsetOf(node) ?? 0, message: tooDeep });
    return true;
  };
  visit(document, {
    Seq: (_, list, ancestors) => (isTooDeep(list, ancestors) ? visit.BREAK : undefined),
    Map(_, map, ancestors) {
      if (isTooDeep(map, ancestors)) return visit.BREAK;
      problems.push(...reviewKeys(map));
      return undefined;
    },
    Alias(_, alias) {
      const offset = offsetOf(alias) ?? 0;
      aliases += 1;
      if (aliases > aliasesMax) {
        problems.push({ offset, message: tooManyAliases });
        return visit.BREAK;
      }
      if (alias.resolve(document) === undefined) {
        problems.push({ offset, message: 'there is no such anchor before this alias' });
      }
      return undefined;
    },
    Scalar(_, node) {
      // Versions: 1.0 and 1.10 are names, not the numbers 1 and 1.1. Numeric settings accept strings of digits anyway.
      if (typeof node.value === 'number' && node.source !== undefined && String(node.value) !== node.source) {
        node.value = node.source;
      }
    },
  });
  return problems;
}

function reviewKeys(map: YAMLMap): readonly Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    const name = String(key.value);
    const offset = offsetOf(key) ?? 0;
    if (seen.has(name)) problems.push({ offset, message: `the key ${quote(name)} stands here twice` });
    if (name === '<<')
      problems.push({ offset, message: 'merge keys (<<) are not supported, write the keys out' });
    seen.add(name);
  }
  return problems;
}

/** The document's value; nothing when its anchors multiply too much. */
function valueOf(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: aliasesMax });
  } catch (error) {
    if (error instanceof ReferenceError) return undefined;
    throw error;
  }
}

function locator(document: Document.Parsed, positionAt: (offset: number) => Position): Locate {
  return (path, part) => {
    let node: Node | null = document.contents;
    let keyOffset = offsetOf(node) ?? 0;
    let valueOffset = keyOffset;
    for (const step of path) {
      const inside: Node | undefined | null = isAlias(node) ? node.resolve(document) : node;
      const child = childOf(inside, step);
      if (child === undefined) return positionAt(keyOffset);
      node = child.value;
      keyOffset = child.keyOffset;
      valueOffset = offsetOf(node) ?? keyOffset;
    }
    return positionAt(part === 'key' ? keyOffset : valueOffset);
  };
}

function childOf(
  node: unknown,
  step: string | number,
): { value: Node | null; keyOffset: number } | undefined {
  if (isMap<ParsedNode, Node | null>(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
    return pair && { value: pair.value, keyOffset: offsetOf(pair.key) ?? 0 };
  }
  if (isSeq<Node | null>(node) && typeof step === 'number') {
    const item = node.items[step];
    return item ? { value: item, keyOffset: offsetOf(item) ?? 0 } : undefined;
  }
  return undefined;
}

function offsetOf(node: Node | null): number | undefined {
  return node?.range?.[0];
}
