import { parse, TomlError } from 'smol-toml';
import { type AST, ParseError, parseTOML } from 'toml-eslint-parser';
import type { HomeFile } from './home.ts';
import {
  type Locate,
  type Path,
  type Position,
  type Report,
  type SourceFile,
  sourceFile,
  syntaxError,
} from './source-file.ts';

/** Parses a TOML file; a syntax error is reported and gives nothing. */
export function parseTomlFile(file: HomeFile, report: Report): SourceFile | undefined {
  try {
    return sourceFile(file, parse(file.text), locator(file.text), report);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The message goes on with an excerpt of the file, which may show a secret.
    const message = (error.message.split('\n', 1)[0] ?? '').replace(
      'Invalid TOML document: ',
      'Not valid TOML: ',
    );
    report(syntaxError(file, { line: error.line, column: error.column }, `${message}.`));
    return undefined;
  }
}

/** Where a part of the file stands, and the parts inside it. */
interface Spot {
  readonly key: Position;
  value: Position;
  readonly inside: Map<string, Spot>;
}

const fileStart: Position = { line: 1, column: 1 };

/** smol-toml gives values without positions; a second parser finds them, only when there is something to report. */
function locator(text: string): Locate {
  let file: Spot | undefined;
  return (path, part) => {
    file ??= spotsIn(text);
    let spot = file;
    for (const step of path) {
      const inside = spot.inside.get(String(step));
      if (inside === undefined) return spot.key;
      spot = inside;
    }
    return spot[part];
  };
}

function spotsIn(text: string): Spot {
  const file: Spot = { key: fileStart, value: fileStart, inside: new Map() };
  try {
    for (const node of parseTOML(text).body[0].body) {
      if (node.type === 'TOMLKeyValue') addPair(file, node);
      else addTable(file, node);
    }
  } catch (error) {
    // The two parsers may disagree about corners of TOML; then findings point at the first line.
    if (!(error instanceof ParseError)) throw error;
  }
  return file;
}

function addTable(file: Spot, table: AST.TOMLTable): void {
  const spot = open(file, table.resolvedKey, positionOf(table.key));
  for (const pair of table.body) addPair(spot, pair);
}

function addPair(table: Spot, pair: AST.TOMLKeyValue): void {
  const path = pair.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value));
  const spot = open(table, path, positionOf(pair.key));
  spot.value = positionOf(pair.value);
  addContent(spot, pair.value);
}

function addContent(spot: Spot, content: AST.TOMLContentNode): void {
  if (content.type === 'TOMLInlineTable') {
    for (const pair of content.body) addPair(spot, pair);
  } else if (content.type === 'TOMLArray') {
    for (const [index, element] of content.elements.entries()) {
      addContent(open(spot, [index], positionOf(element)), element);
    }
  }
}

/** The spot at a path; what isn't there yet begins at the position: `[a.b]` also opens `a`. */
function open(from: Spot, path: Path, position: Position): Spot {
  let spot = from;
  for (const step of path) {
    let inside = spot.inside.get(String(step));
    if (inside === undefined) {
      inside = { key: position, value: position, inside: new Map() };
      spot.inside.set(String(step), inside);
    }
    spot = inside;
  }
  return spot;
}

function positionOf(node: AST.TOMLNode): Position {
  return { line: node.loc.start.line, column: node.loc.start.column + 1 };
}
