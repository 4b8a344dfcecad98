import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { plantedBugs } from './simulation/planted-bugs.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = join(root, 'gateway/src');
const linesMax = 250;

/** ARCHITECTURE.md's floors. The files beside the folders stand on the seventh, and the commands use them. */
const floors: Readonly<Record<string, number>> = {
  limits: 1,
  policy: 2,
  config: 3,
  home: 4,
  wire: 4,
  stores: 5,
  limiter: 5,
  identity: 5,
  graphql: 5,
  websub: 5,
  backends: 5,
  proxy: 6,
  admin: 6,
  sharing: 6,
  threads: 8,
  cli: 9,
};
const rootFloor = 7;
/** These make what a configuration names of the concrete stores. */
const choosing: ReadonlySet<string> = new Set(['stores/open-store.ts', 'stores/inspect-store.ts']);

interface Source {
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files: readonly Source[] = globSync('**/*.ts', { cwd: sources }).map((path) => {
  const text = readFileSync(join(sources, path), 'utf8');
  const imports = [...text.matchAll(/^(?:import|export)\b[^;]*?from '([^']+)'|import\('([^']+)'\)/gm)];
  return { path, folder: folderOf(path), text, imports: imports.map((found) => found[1] ?? found[2] ?? '') };
});
const product = files.filter(({ path }) => !path.endsWith('.test.ts'));

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : '';
}

function floorOf(folder: string): number {
  return folder === '' ? rootFloor : (floors[folder] ?? 0);
}

function linesOf(text: string): number {
  return text.split('\n').length - 1;
}

/** One line per broken rule, so a failure reads like a list of what to mend. */
function complaints(of: readonly Source[], complain: (source: Source) => readonly string[]): string[] {
  return of.flatMap((source) => complain(source).map((what) => `gateway/src/${source.path}: ${what}`));
}

describe('the house of ARCHITECTURE.md', () => {
  test('has files, and every folder has a floor', () => {
    expect(product.length).toBeGreaterThan(40);
    const homeless = product.filter(({ folder }) => floorOf(folder) === 0);
    expect(homeless.map(({ path }) => path)).toEqual([]);
  });

  test('imports go to the own folder or to a lower floor', () => {
    const broken = complaints(product, ({ path, folder, imports }) =>
      imports
        .filter((name) => name.startsWith('.'))
        .map((name) => relative(sources, join(sources, dirname(path), name)))
        .filter((target) => folderOf(target) !== folder && floorOf(folderOf(target)) >= floorOf(folder))
        .filter((target) => !(folder === '' && folderOf(target) === ''))
        .map((target) => `may not import ${target}, which isn't on a lower floor`),
    );
    expect(broken).toEqual([]);
  });

  test('the pure floors use neither packages that act, nor clocks, chance or the process', () => {
    const acts =
      /\b(?:Date\.now|new Date\(\)|performance\.|Math\.random|process\.|setTimeout|setInterval|setImmediate)/g;
    const broken = complaints(product, ({ folder, text, imports }) => {
      if (floorOf(folder) > 3) return [];
      const outside = imports.filter(
        (name) => name.startsWith('node:') || (floorOf(folder) < 3 && !name.startsWith('.')),
      );
      const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      return [
        ...outside.map((name) => `imports ${name}`),
        ...[...code.matchAll(acts)].map(([call]) => `uses ${call}`),
      ];
    });
    expect(broken).toEqual([]);
  });

  test('stores know limits only', () => {
    const broken = complaints(product, ({ path, folder, imports }) => {
      if (folder !== 'stores' || choosing.has(path)) return [];
      return imports
        .filter((name) => name.startsWith('.'))
        .map((name) => relative(sources, join(sources, dirname(path), name)))
        .filter((target) => !['stores', 'limits'].includes(folderOf(target)))
        .map((target) => `imports ${target}`);
    });
    expect(broken).toEqual([]);
  });

  test('clocks and timers stand in the system clock alone', () => {
    const clocks = /\b(?:Date\.now|performance\.now|setTimeout|setInterval|setImmediate)\(/g;
    const broken = complaints(product, ({ path, text }) =>
      path === 'system-clock.ts' ? [] : [...text.matchAll(clocks)].map(([call]) => `calls ${call})`),
    );
    expect(broken).toEqual([]);
  });

  test(`no file is longer than ${linesMax} lines, and none is a drawer`, () => {
    const drawers = /(?:^|\/)(?:index|utils?|helpers?|types|constants|misc|common)\.ts$/;
    const broken = complaints(files, ({ path, text }) => {
      const lines = linesOf(text);
      return [
        ...(lines > linesMax ? [`has ${lines} lines`] : []),
        ...(drawers.test(path) ? ['is named like a drawer'] : []),
      ];
    });
    expect(broken).toEqual([]);
  });

  test(`no file of tests, benches and tools is longer than ${linesMax} lines`, () => {
    const others = globSync(['gateway/test/**/*.ts', 'bench/**/*.ts', 'tools/**/*.{ts,mjs}'], { cwd: root });
    expect(others.length).toBeGreaterThan(200);
    const long = others.filter((path) => linesOf(readFileSync(join(root, path), 'utf8')) > linesMax);
    expect(long).toEqual([]);
  });

  test('there is no cycle between files', () => {
    const targets = new Map(
      product.map(({ path, imports }) => [
        path,
        imports.filter((name) => name.startsWith('.')).map((name) => join(dirname(path), name)),
      ]),
    );
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      if (trail.includes(path) || done.has(path)) return;
      for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
      done.add(path);
    };
    for (const path of targets.keys()) visit(path, []);
    expect(cycles).toEqual([]);
  });

  test('each mistake that the simulation plants has its one place', () => {
    const lost = plantedBugs.filter(({ file, find }) => {
      return readFileSync(join(sources, file), 'utf8').split(find).length !== 2;
    });
    expect(lost.map(({ name, file }) => `${name}: ${file}`)).toEqual([]);
  });

  test('each path that ARCHITECTURE.md names exists', () => {
    const map = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
    const named = [...map.matchAll(/`([\w./-]+(?:\/|\.(?:ts|mjs|lua|md)))`/g)].map((found) => found[1] ?? '');
    expect(named.length).toBeGreaterThan(20);
    const missing = named.filter((path) => ![root, sources].some((base) => existsSync(join(base, path))));
    expect(missing).toEqual([]);
  });
});
