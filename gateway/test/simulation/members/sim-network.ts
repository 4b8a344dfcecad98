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
  /** When the last message in each direction arrives: a later one doesn't overtake it. */
  readonly lastMs: [number, number];
  readonly held: (() => void)[];
}

/** The network between members: connections that delay, stall and break. */
export class SimNetwork {
  readonly #world: World;
  readonly #random: Random;
  readonly #delayMsMax: number;
  readonly #nodes = new Map<string, Node>();
  readonly #connections = new Map<string, Connection>();
  /** From which address nothing gets through to which. */
  readonly #cut = new Set<string>();
  /** Ends of connections that aren't known on the other side yet. */
  readonly #untold: (() => void)[] = [];

  constructor(world: World, random: Random, delayMsMax: number) {
    this.#world = world;
    this.#random = random;
    this.#delayMsMax = delayMsMax;
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

  cut(from: string, to: string, oneWay: boolean): void {
    this.#cut.add(`${from} ${to}`);
    if (!oneWay) this.#cut.add(`${to} ${from}`);
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
        this.#world.after(this.#delayMsMax + 1, () => this.#break(name, connection));
    }
    if (this.#nodes.get(node.address) === node) this.#nodes.delete(node.address);
  }

  #connect(from: Node, address: string): void {
    const to = this.#nodes.get(address);
    const name = pair(from.address, address);
    const isKnown = this.#connections.get(name)?.open === true;
    if (to === undefined || to === from || isKnown || from.process.isKilled) return;
    if (this.#isCut(from, to) || this.#isCut(to, from)) return;
    const connection: Connection = { ends: [from, to], open: true, lastMs: [0, 0], held: [] };
    this.#connections.set(name, connection);
    const now = this.#world.nowMs;
    for (const [side, end] of connection.ends.entries()) {
      connection.lastMs[1 - side] = now + 1;
      this.#world.after(1, () => {
        if (connection.open) end.process.do(() => end.events.met(connection.ends[1 - side]!.id));
      });
    }
  }

  #break(name: string, connection: Connection): void {
    if (!connection.open) return;
    connection.open = false;
    if (this.#connections.get(name) === connection) this.#connections.delete(name);
    for (const [side, end] of connection.ends.entries()) {
      const parted = (): void => end.process.do(() => end.events.parted(connection.ends[1 - side]!.id));
      // Where nothing gets through, each side notices by itself.
      const isUntold = this.#isCut(connection.ends[1 - side]!, end);
      if (isUntold) this.#untold.push(parted);
      else this.#world.after(1 + this.#random.below(this.#delayMsMax), parted);
    }
  }

  #send(from: Node, to: GatewayId, message: Message): void {
    const connection = [...this.#connections.values()].find(({ ends, open }) => {
      return open && ends.includes(from) && ends.some(({ id }) => id === to);
    });
    if (connection === undefined) return;
    const side = connection.ends[0] === from ? 1 : 0;
    const end = connection.ends[side];
    // As on a wire: the receiver has a value of its own, and checks it.
    const copy = messageOf(structuredClone(message));
    if (copy === undefined) throw new Error(`not a message: ${JSON.stringify(message)}`);
    const isCut = (): boolean => this.#isCut(from, end);
    const deliver = (): void => {
      const atMs = Math.max(
        connection.lastMs[side],
        this.#world.nowMs + this.#random.below(this.#delayMsMax + 1),
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
