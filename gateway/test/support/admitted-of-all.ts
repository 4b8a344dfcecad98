import { until } from './until.ts';

/**
 * How many are admitted of all units that are left, and of some more. `admittedOf` sends so many requests, to gateways in turn. Units that
 * lie ready at one of them while others are asked are given back, so that those get them a moment later.
 */
export async function admittedOfAll(
  left: number,
  admittedOf: (times: number) => Promise<number>,
): Promise<number> {
  let admitted = await admittedOf(left);
  await until(async () => (admitted += await admittedOf(2)) >= left);
  return admitted + (await admittedOf(4));
}
