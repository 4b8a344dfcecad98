import type { ReloadSettings } from './config.ts';
import { type Deployment, readTable } from './deployment-table.ts';
import { flag, mapping, wholeNumber } from './expected.ts';

/** Reads `[sluice.reload]`. Problems are reported. */
export function readReloadSettings(deployment: Deployment): ReloadSettings {
  const { watch, poll } = readTable(deployment, { path: ['sluice', 'reload'], schema, unknownIs: 'error' });
  return { watch: watch ?? true, pollMs: poll ?? 10_000 };
}

const schema = mapping({
  watch: flag().optional(),
  poll: wholeNumber(100, 3_600_000, ' ms').optional(),
});
