import type { TrialResult } from './trial.ts';

/** What must hold of a trial, a line for each that doesn't. */
export function brokenRules(result: TrialResult): readonly string[] {
  const { wrong, constant, guest, varying, answered } = result;
  const rules: Readonly<Record<string, boolean>> = {
    'no request fails, and no answer mixes two versions': wrong.length === 0,
    'a limit that stayed the same admits exactly what it says, over all reloads':
      constant.arrived === constant.limit && constant.ledger === constant.limit,
    'what an API was charged before it went is still counted when it is back, and its leases were given back':
      guest.ledger === guest.arrived,
    'no window admits more than the largest limit that was in force in it': varying.over.length === 0,
    'the load exercised all of it':
      ['open 200', 'constant 429', 'varying 200', 'varying 429', 'guest 200', 'guest 404', 'slow 200'].every(
        (kind) => (answered[kind] ?? 0) > 0,
      ) && varying.full > 0,
  };
  return Object.entries(rules)
    .filter(([, holds]) => !holds)
    .map(([rule]) => `broken: ${rule}`);
}
