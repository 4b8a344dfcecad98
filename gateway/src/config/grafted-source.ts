import { isRecord, type Path, type SourceFile } from './source-file.ts';

/** Where a value was written that stands in another file's place. */
interface Origin {
  readonly source: SourceFile;
  readonly path: Path;
  /** What of the origin to point at, when it isn't what the finding says: a key may have become a value. */
  readonly part?: 'key';
}

/** A value in the place of another one, or of none. Without a value only what findings at this path name changes. */
export interface Graft {
  readonly at: Path;
  readonly from: Origin;
  readonly value?: unknown;
}

/**
 * A file with values from other places, of it or of other files. Whoever reads it sees one file; findings name the place where
 * each value was written. A later graft may lie inside an earlier one; what isn't grafted is the base's.
 */
export function graftedSource(base: SourceFile, grafts: readonly Graft[]): SourceFile {
  const origins = new Map<string, Origin>();
  let value = base.value;
  for (const { at, from, value: grafted } of grafts) {
    if (grafted !== undefined) value = withValueAt(value, at, grafted);
    origins.set(JSON.stringify(at), from);
  }
  const locate = (path: Path, part?: 'key' | 'value'): Located => {
    for (let length = path.length; length >= 0; length--) {
      const origin = origins.get(JSON.stringify(path.slice(0, length)));
      if (origin === undefined) continue;
      const isWhole = length === path.length;
      const originPath = [...origin.path, ...path.slice(length)];
      return {
        source: origin.source,
        path: originPath,
        part: (isWhole ? origin.part : undefined) ?? part ?? 'value',
      };
    }
    return { source: base, path, part: part ?? 'value' };
  };
  const reporting =
    (severity: 'error' | 'warning' | 'note'): SourceFile['error'] =>
    (finding) => {
      const { source, path, part } = locate(finding.path, finding.part);
      source[severity]({ ...finding, path, part });
    };
  return {
    path: base.path,
    value,
    place(path, part) {
      const found = locate(path, part);
      return found.source.place(found.path, found.part);
    },
    error: reporting('error'),
    warning: reporting('warning'),
    note: reporting('note'),
  };
}

interface Located {
  readonly source: SourceFile;
  readonly path: Path;
  readonly part: 'key' | 'value';
}

/** A copy with another value at the path; mappings that aren't there yet are made. */
function withValueAt(value: unknown, [step, ...rest]: Path, grafted: unknown): unknown {
  if (step === undefined) return grafted;
  if (typeof step === 'number') {
    const items: readonly unknown[] = Array.isArray(value) ? value : [];
    const list = [...items];
    list[step] = withValueAt(list[step], rest, grafted);
    return list;
  }
  const mapping = isRecord(value) ? value : {};
  const inside = Object.hasOwn(mapping, step) ? mapping[step] : undefined;
  return Object.fromEntries([
    ...Object.entries(mapping).filter(([key]) => key !== step),
    [step, withValueAt(inside, rest, grafted)],
  ]);
}
