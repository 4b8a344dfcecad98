import type { Output } from '../print-diagnostics.ts';
import type { Reason } from './export-items.ts';
import type { Remark, SortedItem } from './sort-items.ts';

/** What became of a tree of exports. */
export interface Imported {
  readonly sorted: readonly SortedItem[];
  readonly notSupported: readonly Reason[];
  readonly ignored: readonly Reason[];
  /** Ignored, as the home has them otherwise. */
  readonly kept: readonly Reason[];
  /** Paths in the home. */
  readonly written: readonly string[];
}

interface Printing {
  readonly to: string;
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly stdout: Output;
}

/** Something of a list: the files it is made of, where it stands in the home, and what is said about it. */
interface Line {
  readonly files: readonly string[];
  readonly to: readonly string[];
  readonly remarks: readonly (Remark | { readonly message: string })[];
}

/** Prints the three lists and what was ignored; as JSON an object with the same lists. */
export function printImported(imported: Imported, { to, json, dryRun, stdout }: Printing): void {
  const lists = {
    exact: linesOf(imported.sorted, 'exact'),
    approximated: linesOf(imported.sorted, 'approximated'),
    notSupported: [...linesOf(imported.sorted, 'not-supported'), ...because(imported.notSupported)],
    ignored: because([...imported.kept, ...imported.ignored]),
  };
  if (json) {
    stdout.write(`${JSON.stringify({ ...lists, written: imported.written }, undefined, 2)}\n`);
    return;
  }
  printList(stdout, 'taken over exactly', lists.exact);
  printList(stdout, 'approximated', lists.approximated);
  printList(stdout, 'not supported', lists.notSupported);
  printList(stdout, 'ignored', lists.ignored);
  const count = imported.written.length;
  stdout.write(
    dryRun ? 'nothing written (--dry-run)\n' : `${count} file${count === 1 ? '' : 's'} written to ${to}\n`,
  );
}

function linesOf(sorted: readonly SortedItem[], wanted: SortedItem['outcome']): readonly Line[] {
  return sorted
    .filter(({ outcome }) => outcome === wanted)
    .map(({ item: { files, place, parts }, remarks }) => {
      const to = parts.filter(({ text }) => text !== undefined).map(({ path }) => place + path);
      return { files, to: wanted === 'not-supported' ? [] : to, remarks };
    });
}

function because(reasons: readonly Reason[]): readonly Line[] {
  return reasons.map(({ file, why }) => ({ files: [file], to: [], remarks: [{ message: why }] }));
}

/** Many remarks say the same about each of many operations. */
const remarksMax = 20;

function printList(stdout: Output, title: string, lines: readonly Line[]): void {
  if (lines.length === 0) return;
  stdout.write(`${title} (${lines.length})\n`);
  for (const { files, to, remarks } of lines) {
    const target = to.length === 0 ? '' : ` → ${to.join(', ')}`;
    stdout.write(`  ${files.join(', ')}${target}\n`);
    for (const remark of remarks.slice(0, remarksMax)) {
      const at = 'at' in remark ? `${remark.at} ` : '';
      stdout.write(`      ${at}${remark.message}\n`);
    }
    if (remarks.length > remarksMax) stdout.write(`      and ${remarks.length - remarksMax} more\n`);
  }
  stdout.write('\n');
}
