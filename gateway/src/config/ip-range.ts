import { ipNumber } from '../policy/ip-number.ts';
import type { IpRange } from '../policy/ip-ranges.ts';
import { describe } from './check-value.ts';
import { ipAddress } from './network-names.ts';
import { type Path, type SourceFile, valueAt } from './source-file.ts';

/** Reads the two ends of a range, which may be one address under one name. */
export function readIpRange(
  source: SourceFile,
  path: Path,
  [first, last]: readonly [string, string],
): IpRange | undefined {
  const from = readAddress(source, [...path, first]);
  const to = first === last ? from : readAddress(source, [...path, last]);
  if (from === undefined || to === undefined) return undefined;
  if (typeof from === typeof to && from <= to) return { from, to };
  const message =
    typeof from === typeof to
      ? `${last} is a lower address than ${first}.`
      : `${first} and ${last} are not of one family, IPv4 or IPv6.`;
  source.error({ code: 'invalid-value', path: [...path, last], message });
  return undefined;
}

function readAddress(source: SourceFile, path: Path): IpRange['from'] | undefined {
  const written = valueAt(source.value, path);
  const read = ipAddress().safeParse(written);
  if (read.success) return ipNumber(read.data);
  const name = String(path.at(-1));
  const isMissing = written === undefined || written === null;
  const expected = 'expected an IPv4 or IPv6 address';
  const message = isMissing
    ? `${name} is missing; ${expected}.`
    : `${name}: found ${describe(written)}, ${expected}.`;
  source.error({ code: isMissing ? 'missing-value' : 'invalid-value', path, message });
  return undefined;
}
