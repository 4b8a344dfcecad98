import { didYouMean, quote } from './nearest-name.ts';
import type { Path, SourceFile } from './source-file.ts';

interface ApiNamed {
  readonly name: string;
  /** Without it any version will do. */
  readonly version: string | undefined;
}

/** Reports at a path that the API it names isn't there. */
export function reportUnknownApi(
  { name, version }: ApiNamed,
  known: readonly ApiNamed[],
  source: SourceFile,
  path: Path,
): void {
  const versions = known.flatMap((api) => (api.name === name ? (api.version ?? []) : []));
  const [message, hint] =
    version !== undefined && versions.length > 0
      ? [`There is no version ${quote(version)} of the API ${quote(name)}.`, didYouMean(version, versions)]
      : [
          `There is no API named ${quote(name)}.`,
          didYouMean(name, [...new Set(known.map((api) => api.name))]),
        ];
  source.error({ code: 'unknown-api', path, message, hint });
}
