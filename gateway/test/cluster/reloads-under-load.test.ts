import { expect, test } from 'vitest';
import { brokenRules } from '../reload/rules.ts';
import { runTrial } from '../reload/trial.ts';
import { redisMissing } from '../support/redis-server.ts';

test.skipIf(redisMissing)(
  'sixty reloads under load, of a gateway of one thread and one of two: no request fails, no answer mixes versions, no count is lost',
  async () => {
    const result = await runTrial({ reloads: 60, threads: [1, 2] });
    expect(brokenRules(result), JSON.stringify({ ...result, reloadMs: [] })).toEqual([]);
    expect(result.refusedFiles).toBeGreaterThan(5);
  },
);
