import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HotPathOrder, HotPathResult, HotPathVariant } from './hot-path-worker.ts';
import { forkPinned, order, stop } from './pinned.ts';
import { ratio, show, spread } from './statistics.ts';

const variants: readonly HotPathVariant[] = [
  'all',
  'no access log',
  'no metrics',
  'no limiter',
  'no RateLimit fields',
  'anonymous',
];
const warmUpMs = 2000;

/**
 * CPU time per request of everything between the wire and the backend, with every level limited, and of the same with a part
 * left out. `against` is the root of another checkout, which runs in turn with this one.
 */
export async function benchHotPath(asked: {
  readonly rounds: number;
  readonly durationMs: number;
  readonly against: string;
}): Promise<string> {
  const { rounds, durationMs, against } = asked;
  const own = fileURLToPath(new URL('..', import.meta.url));
  const workers = [own, ...(against === '' ? [] : [against])].map((root) =>
    forkPinned(join(root, 'bench/hot-path-worker.ts'), [], 0),
  );
  try {
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    const measured = workers.map(() => variants.map((): number[] => []));
    for (let round = -1; round < rounds; round += 1) {
      for (const [at, variant] of variants.entries()) {
        for (const [side, worker] of workers.entries()) {
          const asks: HotPathOrder = { variant, durationMs: round < 0 ? warmUpMs : durationMs };
          const { requests, cpuUs } = await order<HotPathResult>(worker, asks);
          if (round >= 0) measured[side]?.[at]?.push(cpuUs / requests);
        }
      }
    }
    return table(measured);
  } finally {
    await Promise.all(workers.map(stop));
  }
}

function table([ours = [], theirs]: readonly (readonly (readonly number[])[])[]): string {
  const lines = variants.map((variant, at) => {
    const values = ours[at] ?? [];
    const other = theirs?.[at];
    const cells = [variant, show(spread(values))];
    if (other !== undefined) cells.push(show(spread(other)), show(ratio(values, other)));
    return `| ${cells.join(' | ')} |`;
  });
  const columns = ['variant', 'µs/request', ...(theirs === undefined ? [] : ['against, µs', 'ratio'])];
  return [`| ${columns.join(' | ')} |`, `|${'---|'.repeat(columns.length)}`, ...lines].join('\n');
}
