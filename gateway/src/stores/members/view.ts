import type { GatewayId } from '../../limits/claim.ts';

/** Whom a member hears, by its own word. Newer words have greater numbers. */
export interface Row {
  readonly number: number;
  /** Where it is reached: host:port. */
  readonly address: string;
  readonly hears: readonly GatewayId[];
  /** Whether it belongs to a view that counts: such members are kept when not all can be. */
  readonly settled: boolean;
}

/**
 * The members that all hear each other. While some don't, who hears the fewest goes; among equals who isn't settled, then who
 * comes last by name. The same rows give the same members wherever they are read.
 */
export function membersInTouch(rows: ReadonlyMap<GatewayId, Row>): readonly GatewayId[] {
  let left: readonly GatewayId[] = [...rows.keys()].toSorted();
  const hears = (a: GatewayId, b: GatewayId): boolean => a === b || rows.get(a)?.hears.includes(b) === true;
  for (;;) {
    const links = new Map(left.map((a) => [a, left.filter((b) => hears(a, b) && hears(b, a)).length]));
    const fewest = Math.min(...links.values());
    if (fewest >= left.length) return left;
    const weakest = left.filter((id) => links.get(id) === fewest);
    const goes = weakest.findLast((id) => rows.get(id)?.settled === false) ?? weakest.at(-1);
    left = left.filter((id) => id !== goes);
  }
}

/** Members in order of name, as one word: equal for equal views. */
export function viewName(members: readonly GatewayId[]): string {
  return members.join(' ');
}
