import type { ClusterView } from './slot-map.ts';

type Owners = ClusterView['owners'];

/**
 * Names for the parts of a cluster that fail by themselves: a primary and whoever takes over from it have the same one, so that
 * a gateway which was alone with some counters finds them in the part that it waits for. Two primaries may share a name for a
 * while, never the other way round.
 */
export class ClusterParts {
  /** By the name of the primary. */
  readonly #names = new Map<string, string>();

  of(primary: string | undefined): string | undefined {
    return primary === undefined ? undefined : (this.#names.get(primary) ?? primary);
  }

  /** A slot has gone from one primary to another, which may be a replica that takes over, or a new node. */
  moved({ from, to }: { readonly from: string | undefined; readonly to: string }): void {
    if (!this.#names.has(to)) this.#names.set(to, this.of(from) ?? to);
  }

  /** A primary that is new takes the name of whom it replaces, unless that one is still there. */
  changed({ before, after }: { readonly before: Owners; readonly after: Owners }): void {
    const old = new Set(before);
    const now = new Map<string, number>();
    for (const [slot, primary] of after.entries()) {
      if (primary !== undefined && !now.has(primary)) now.set(primary, slot);
    }
    const isTaken = (name: string, by: string): boolean =>
      [...now.keys()].some((other) => other !== by && old.has(other) && this.of(other) === name);
    for (const [primary, slot] of now) {
      const name = old.has(primary) ? this.of(primary) : (this.#names.get(primary) ?? this.of(before[slot]));
      if (name !== undefined) this.#names.set(primary, isTaken(name, primary) ? primary : name);
    }
    for (const primary of this.#names.keys()) if (!now.has(primary)) this.#names.delete(primary);
  }
}
