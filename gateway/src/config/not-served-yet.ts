import type { SourceFile } from './source-file.ts';

/*
 * What files may say already and the data plane doesn't do yet. It is read and checked like everything else, and then an
 * error: a setting never does nothing in silence. Each of these goes when the data plane does what it says.
 */

export function reportApiNotServedYet(source: SourceFile, type: string): void {
  if (type !== 'WS') return;
  const message = 'APIs of type WS are not supported yet.';
  source.error({ code: 'not-supported', path: ['data', 'type'], message });
}
