import type { GatewayId } from '../../../src/limits/claim.ts';
import type { Mesh, MeshEvents } from '../../../src/stores/members/mesh.ts';
import { messageOf, type Message } from '../../../src/stores/members/messages.ts';
import type { Random } from '../../support/random.ts';
import type { World } from '../world.ts';
import type { SimProcess } from './sim-process.ts';

interface Node {
  readonly id: GatewayId;
  readonly address: string;
  readonly process: SimProcess;
  readonly events: MeshEvents;
}

/** One connection of two nodes: what is sent arrives in order, or the connection ends. */
interface Connection {
  readonly ends: readonly [Node, Node];
  open: boolean;
  /** From then on both know of it. */
  readonly madeMs: number;
  /** When the last message in each direction arrives: a later one doesn't overtake it. */
  readonly lastMs: [number, number];
  readonly held: (() => void)[];
}

/** The network between members: connections that delay, stall and break. */
export class SimNetwork {
  readonly #world: World;
  readonly #random: Random;
  readonly #delayMsMax: number;
  /** What a way adds to that, by the addresses of both ends. */
  readonly #addedMs: ReadonlyMap<string, number>;
  readonly #nodes = new Map<string, Node>();
  readonly #connections = new Map<string, Connection>();
  /** From which address nothing gets through to which. */
  readonly #cut = new Set<string>();
  /** Ends of connections that aren't known on the other side yet. */
  readonly #untold: (() => void)[] = [];
  /** The same, where nothing but the way delays it: known at the latest with the next connection. */
  readonly #partings = new Map<string, () => void>();

  constructor(
    world: World,
    random: Random,
    ways: {
      readonly delayMsMax: number;
      readonly slowLinks: readonly {
        readonly between: readonly [string, string];
        readonly delayMs: number;
      }[];
    },
  ) {
    this.#world = world;
    this.#random = random;
    this.#delayMsMax = ways.delayMsMax;
    this.#addedMs = new Map(ways.slowLinks.map(({ between, delayMs }) => [pair(...between), delayMs]));
  }

  open(id: GatewayId, address: string, process: SimProcess, events: MeshEvents): Mesh {
    const node: Node = { id, address, process, events };
    this.#nodes.set(address, node);
    return {
      send: (to, message) => this.#send(node, to, message),
      reach: (addresses) => {
        for (const other of addresses) this.#connect(node, other);
      },
      drop: (member) => {
        for (const [name, connection] of this.#connections) {
          if (connection.ends.includes(node) && connection.ends.some(({ id }) => id === member))
            this.#break(name, connection);
        }
      },
      close: () => {
        this.#end(node);
        return Promise.resolve();
      },
    };
  }

  /** The process is gone: its host closes its connections, or nobody does. */
  died(address: string, silently: boolean): void {
    const node = this.#nodes.get(address);
    if (node === undefined) return;
    this.#nodes.delete(address);
    for (const [name, connection] of this.#connections) {
      if (!connection.ends.includes(node)) continue;
      if (silently) connection.held.length = 0;
      else this.#break(name, connection);
      if (silently) this.#connections.delete(name);
    }
  }

  cut(from: string, to: string): void {
    this.#cut.add(`${from} ${to}`);
  }

  /** One side ends a connection; the other hears of it when the way allows. */
  breakLink(by: string, other: string): void {
    const name = pair(by, other);
    const connection = this.#connections.get(name);
    if (connection !== undefined) this.#break(name, connection, by);
  }

  /** What was held arrives at last, or the connection turns out to be broken. */
  heal(): void {
    this.#cut.clear();
    for (const tell of this.#untold.splice(0)) tell();
    for (const [name, connection] of this.#connections) {
      if (connection.held.length === 0) continue;
      if (this.#random.chance(0.5)) for (const deliver of connection.held.splice(0)) deliver();
      else this.#break(name, connection);
    }
  }

  #end(node: Node): void {
    for (const [name, connection] of this.#connections) {
      if (connection.ends.includes(node))
        this.#world.after((this.#addedMs.get(name) ?? 0) + this.#delayMsMax + 1, () =>
          this.#break(name, connection),
        );
    }
    if (this.#nodes.get(node.address) === node) this.#nodes.delete(node.address);
  }

  #connect(from: Node, address: string): void {
    const to = this.#nodes.get(address);
    const name = pair(from.address, address);
    const isKnown = this.#connections.get(name)?.open === true;
    if (to === undefined || to === from || isKnown || from.process.isKilled) return;
    if (this.#isCut(from, to) || this.#isCut(to, from)) return;
    const madeMs = this.#world.nowMs + 1 + 2 * (this.#addedMs.get(name) ?? 0);
    const connection: Connection = {
      ends: [from, to],
      open: true,
      madeMs,
      lastMs: [madeMs, madeMs],
      held: [],
    };
    this.#connections.set(name, connection);
    for (const [side, end] of connection.ends.entries()) {
      this.#world.at(madeMs, () => {
        this.#partings.get(`${name} ${end.id}`)?.();
        if (connection.open) end.process.do(() => end.events.met(connection.ends[1 - side]!.id));
      });
    }
  }

  #break(name: string, connection: Connection, by?: string): void {
    if (!connection.open) return;
    connection.open = false;
    if (this.#connections.get(name) === connection) this.#connections.delete(name);
    for (const [side, end] of connection.ends.entries()) {
      const parting = `${name} ${end.id}`;
      const parted = (): void => {
        if (this.#partings.delete(parting))
          end.process.do(() => end.events.parted(connection.ends[1 - side]!.id));
      };
      this.#partings.get(parting)?.();
      this.#partings.set(parting, parted);
      // Where nothing gets through, each side notices by itself.
      const isUntold = this.#isCut(connection.ends[1 - side]!, end);
      const wayMs = 1 + (this.#addedMs.get(name) ?? 0) + this.#random.below(this.#delayMsMax);
      if (end.address === by) parted();
      else if (isUntold) this.#untold.push(parted);
      else this.#world.after(wayMs, parted);
    }
  }

  #send(from: Node, to: GatewayId, message: Message): void {
    const connection = [...this.#connections.values()].find(({ ends, open }) => {
      return open && ends.includes(from) && ends.some(({ id }) => id === to);
    });
    if (connection === undefined || this.#world.nowMs < connection.madeMs) return;
    const side = connection.ends[0] === from ? 1 : 0;
    const end = connection.ends[side];
    // As on a wire: the receiver has a value of its own, and checks it.
    const copy = messageOf(structuredClone(message));
    if (copy === undefined) throw new Error(`not a message: ${JSON.stringify(message)}`);
    const isCut = (): boolean => this.#isCut(from, end);
    const addedMs = this.#addedMs.get(pair(from.address, end.address)) ?? 0;
    const deliver = (): void => {
      const atMs = Math.max(
        connection.lastMs[side],
        this.#world.nowMs + addedMs + this.#random.below(this.#delayMsMax + 1),
      );
      connection.lastMs[side] = atMs;
      this.#world.at(atMs, () => {
        if (!connection.open) return;
        if (isCut()) connection.held.push(() => end.process.do(() => end.events.received(from.id, copy)));
        else end.process.do(() => end.events.received(from.id, copy));
      });
    };
    if (isCut()) connection.held.push(deliver);
    else deliver();
  }

  #isCut(from: { readonly address: string }, to: { readonly address: string }): boolean {
    return this.#cut.has(`${from.address} ${to.address}`);
  }
}

function pair(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
