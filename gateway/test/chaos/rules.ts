import type { FaultFacts } from './fault.ts';
import { isExact, overOf, recoveryMsMax, touches, type Figures } from './figures.ts';
import { gatewayCount, type OnFailure } from './limits.ts';
import type { LimitFigures, Trial, WindowFigures } from './trial.ts';

const waitP999MsMax = 60;

/** What must never be, whatever the machine is like: the rules that were broken, in words. */
export function brokenRules(figures: Figures, trial: Trial): readonly string[] {
  const { failed, repeated, unanswered, crashes, complaints, readyMs } = figures;
  const unlogged = trial.requests.filter(
    ({ outcome, certain }) => outcome !== 'unanswered' && certain === undefined,
  ).length;
  const idle = trial.limits.some(({ windows }) => windows.every(({ admitted }) => admitted === 0));
  const isNeverFull = trial.requests.every(({ outcome }) => outcome !== 'over-limit');
  // Requests on their way through a gateway that ends have no answer, and perhaps no line in its log.
  const mayLose = trial.fault.endsGateway === true;
  return [
    ...trial.limits.flatMap((limit) => excessOf(limit, figures.onFailure, trial.fault)),
    ...when(crashes > 0, `${crashes} gateways crashed`),
    ...when(complaints.length > 0, `gateways complained: ${complaints.join(' | ').slice(0, 500)}`),
    ...when(readyMs === undefined, 'gateways never counted exactly again'),
    ...when(failed > 0, `${failed} answers are neither an admission nor a refusal by a limit`),
    ...when(repeated > 0, `${repeated} requests reached the backend twice`),
    ...when(unanswered > 0 && !mayLose, `${unanswered} requests were not answered`),
    ...when(unlogged > 0 && !mayLose, `${unlogged} requests are in no access log`),
    ...when(idle || isNeverFull, 'the load exercised nothing'),
  ];
}

/** What must not take longer, on a machine that has nothing else to do, in words. */
export function latenesses(figures: Figures, trial: Trial): readonly string[] {
  const { onFailure, waitP999Ms, limiterP999Ms, machineLagMs, readyMs } = figures;
  const inexact = trial.limits.flatMap((limit) =>
    limit.windows.filter((window) => !touches(window, trial) && !isAsPromised(limit, window, onFailure)),
  ).length;
  // Seen from outside, a wait contains all that the machine adds; when it is too long, the gateways' own clocks decide.
  const waited = waitP999Ms > waitP999MsMax && !(limiterP999Ms <= waitP999MsMax + machineLagMs);
  return [
    ...when(inexact > 0, `${inexact} windows beyond a second of the fault are not exact`),
    ...when(
      waited,
      `decisions waited ${limiterP999Ms} ms at p99.9, and the machine explains ${machineLagMs} ms`,
    ),
    ...when(readyMs !== undefined && readyMs > recoveryMsMax, `ready only after ${readyMs} ms`),
  ];
}

/** Under `local` a gateway whose store answers too late admits by its share and says so: a window may be exceeded by that. */
function isAsPromised(figures: LimitFigures, window: WindowFigures, onFailure: OnFailure): boolean {
  return isExact(figures, window) || (onFailure === 'local' && window.over > 0 && window.uncertain > 0);
}

/**
 * Over-admission that isn't promised, in words. Under `deny`, all beyond I2's bound. Under `local`, in any window, all beyond
 * what was admitted there without the store, or beyond one gateway's share: when all gateways are alone their shares keep to
 * the limit, but one that is alone spends its share while the others may be granted everything (docs/decisions/0007). Where
 * clustered gateways part again and again within a window, each may spend its share.
 */
function excessOf(
  { limit, windows, loss }: LimitFigures,
  onFailure: OnFailure,
  { sharesMax = 1 }: FaultFacts,
): readonly string[] {
  if (onFailure === 'deny') {
    const over = overOf(windows);
    return when(over > loss.granted, `${limit.name}: ${over} units over the limit, ${loss.granted} allowed`);
  }
  return windows.flatMap(({ over, uncertain }) => {
    const allowed = Math.min(uncertain, sharesMax * Math.floor(limit.units / gatewayCount)) + loss.granted;
    return when(
      over > allowed,
      `${limit.name}: ${over} units over the limit in a window, ${allowed} allowed`,
    );
  });
}

function when(broken: boolean, what: string): readonly string[] {
  return broken ? [what] : [];
}
