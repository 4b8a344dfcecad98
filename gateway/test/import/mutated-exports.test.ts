import { rm } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { groupExports } from '../../src/cli/import/export-items.ts';
import { type ExportFile, readTree } from '../../src/cli/import/export-tree.ts';
import { placeItems } from '../../src/cli/import/place-items.ts';
import { sortItems } from '../../src/cli/import/sort-items.ts';
import { environment } from '../config/homes.ts';
import { corpusTree } from './corpus.ts';

const seed = 20_261_126;
const runs = 600;

let folder = '';
let files: readonly (ExportFile & { readonly text: string })[] = [];
beforeAll(async () => {
  folder = await corpusTree();
  files = (await readTree(folder)).filter((file) => 'text' in file);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const piece = fc.constantFrom(
  ...'{}[]:,-\n\t "\'&*|>#0a.$%~éabcdefxyzABC123456789'.split(''),
  '\n---\n',
  ': null',
);

test(
  `no mutated export makes the import throw, and each still ends in one list (seed ${seed})`,
  { timeout: 60_000 },
  () => {
    const seen = { exact: 0, approximated: 0, 'not-supported': 0, none: 0 };
    const mutation = fc.record({ at: fc.nat(), drop: fc.nat(2), put: piece });
    fc.assert(
      fc.property(fc.nat(), fc.array(mutation, { minLength: 1, maxLength: 3 }), (which, mutations) => {
        const file = files[which % files.length]!;
        let { text } = file;
        for (const { at, drop, put } of mutations) {
          const start = at % (text.length + 1);
          text = text.slice(0, start) + put + text.slice(start + drop);
        }
        const grouped = groupExports([{ path: file.path, text }]);
        const placed = placeItems(grouped.items, [], { overwrite: false });
        const sorted = sortItems(placed.items, [], environment);
        const outcomes = 'sorted' in sorted ? sorted.sorted : [];
        const reasons = [
          ...grouped.notSupported,
          ...grouped.ignored,
          ...placed.notSupported,
          ...placed.ignored,
        ];
        const listed = [
          ...outcomes.flatMap(({ item }) => item.files),
          ...reasons.map((reason) => reason.file),
        ];
        expect(listed).toEqual([file.path]);
        seen[outcomes[0]?.outcome ?? 'none'] += 1;
      }),
      { seed, numRuns: runs },
    );
    // A run that only ever met one kind of outcome would have proved little.
    expect(Math.min(seen.exact, seen['not-supported'], seen.none), JSON.stringify(seen)).toBeGreaterThan(10);
  },
);
