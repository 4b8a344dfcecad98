import type { Path, SourceFile } from './source-file.ts';

/*
 * What files may say already and the data plane doesn't do yet. It is read and checked like everything else, and then an
 * error: a setting never does nothing in silence. Each of these goes when the data plane does what it says.
 */

interface ListenerFields {
  readonly threads?: number | 'auto' | undefined;
  readonly tls?: unknown;
}

export function reportListenerNotServedYet(source: SourceFile, fields: ListenerFields): void {
  const table: Path = ['sluice', 'listener'];
  const report = (key: keyof ListenerFields, message: string): void =>
    source.error({ code: 'not-supported', path: [...table, key], part: 'key', message });
  if (fields.threads !== undefined && fields.threads !== 1)
    report('threads', 'More threads than one are not supported yet.');
  if (fields.tls !== undefined) report('tls', 'HTTPS is not supported yet.');
}
