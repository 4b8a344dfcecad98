import { type Limit, unitsMax } from '../limits/limit.ts';
import type { Measure, Quota } from '../policy/measure.ts';
import { checkFields } from './check-value.ts';
import { flag, mapping, wholeNumber } from './expected.ts';
import { type Path, type SourceFile, valueAt } from './source-file.ts';

type Field = 'production' | 'sandbox';
type TokenField = 'MaxTotalTokenCount' | 'MaxPromptTokenCount' | 'MaxCompletionTokenCount';

const measures: readonly (readonly [TokenField, Measure])[] = [
  ['MaxTotalTokenCount', 'total-tokens'],
  ['MaxPromptTokenCount', 'prompt-tokens'],
  ['MaxCompletionTokenCount', 'completion-tokens'],
];

/** -1 is no limit. */
const count = wholeNumber(-1, unitsMax).nullish();

const schema = mapping({
  isTokenBasedThrottlingEnabled: flag().nullish(),
  productionMaxPromptTokenCount: count,
  productionMaxCompletionTokenCount: count,
  productionMaxTotalTokenCount: count,
  sandboxMaxPromptTokenCount: count,
  sandboxMaxCompletionTokenCount: count,
  sandboxMaxTotalTokenCount: count,
});

/** How many tokens backends may be asked for in the windows of their throughput (wso2.md 1.8); none unless that is enabled. */
export function readTokenLimits(
  source: SourceFile,
  path: Path,
  windowMsOf: (field: Field) => number,
): Readonly<Record<Field, readonly Quota[]>> {
  const found = valueAt(source.value, path);
  if (found === undefined || found === null) return { production: [], sandbox: [] };
  const written = checkFields(source, schema, path);
  const quotasOf = (field: Field): readonly Quota[] => {
    if (written.isTokenBasedThrottlingEnabled !== true) return [];
    return measures.flatMap(([name, measure]): readonly Quota[] => {
      const quota = written[`${field}${name}`] ?? -1;
      if (quota < 0) return [];
      const limit: Limit = {
        kind: 'fixed-window',
        quota,
        windowMs: windowMsOf(field),
        starts: 'first-request',
      };
      return [{ measure, limit }];
    });
  };
  return { production: quotasOf('production'), sandbox: quotasOf('sandbox') };
}
