import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { GatewayId } from '../../limits/claim.ts';
import type { Clock } from '../../limits/clock.ts';
import { Dials, secured, type MeshTls } from './dials.ts';
import type { Side } from './handshake.ts';
import { MemberConnection } from './member-connection.ts';
import type { Self } from './membership.ts';
import type { Mesh, MeshEvents } from './mesh.ts';
import type { Message } from './messages.ts';

export interface TcpMeshSettings {
  readonly self: Self;
  /** Where to listen. */
  readonly host: string;
  readonly port: number;
  /** Clusters of different domains don't mix. */
  readonly domain: string;
  /** What members prove to each other that they know. */
  readonly secret: string;
  /** Without it connections are plain. */
  readonly tls?: MeshTls | undefined;
}

/** Listens for other members. Rejects when the port can't be had. */
export async function listenForMembers(
  settings: Pick<TcpMeshSettings, 'host' | 'port' | 'tls'>,
): Promise<Server> {
  const { host, port, tls } = settings;
  const server = tls === undefined ? createServer() : createTlsServer({ ...secured(tls), requestCert: true });
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}

function connectionEvent({ tls }: TcpMeshSettings): string {
  return tls === undefined ? 'connection' : 'secureConnection';
}

/** Connections that haven't proved anything yet, at most. */
const strangersMax = 64;
/** The same trouble is told again after this long, and no more troubles than this meanwhile, whoever makes them. */
const tellAgainAfterMs = 60_000;
const troublesMax = 20;

/**
 * One connection to each member over TCP or TLS. The member with the smaller address dials, and the other one too when nobody
 * has for a while, for it may be the only one that knows both. Of two connections the one stays that the smaller address made.
 */
export class TcpMesh implements Mesh {
  readonly #settings: TcpMeshSettings;
  readonly #clock: Clock;
  readonly #events: MeshEvents;
  readonly #report: (line: string) => void;
  readonly #server: Server;
  readonly #members = new Map<
    GatewayId,
    { readonly address: string; readonly connection: MemberConnection }
  >();
  readonly #strangers = new Set<MemberConnection>();
  readonly #dials: Dials;
  /** When each trouble was told. */
  readonly #toldAtMs = new Map<string, number>();
  #closed = false;

  constructor(
    settings: TcpMeshSettings,
    parts: {
      readonly clock: Clock;
      readonly events: MeshEvents;
      readonly report: (line: string) => void;
      /** Made by `listenForMembers`; the mesh closes it. */
      readonly server: Server;
    },
  ) {
    this.#settings = settings;
    this.#clock = parts.clock;
    this.#events = parts.events;
    this.#report = parts.report;
    this.#server = parts.server;
    this.#dials = new Dials({
      self: settings.self.address,
      tls: settings.tls,
      clock: parts.clock,
      connected: (socket) => this.#take(socket, 'caller'),
      failed: (address, why) => this.#say(`can't reach ${address}: ${why}`),
    });
    this.#server.on(connectionEvent(settings), (socket: Socket) => {
      if (this.#strangers.size >= strangersMax) socket.destroy();
      else this.#take(socket, 'called');
    });
  }

  send(to: GatewayId, message: Message): void {
    this.#members.get(to)?.connection.send(message);
  }

  drop(member: GatewayId): void {
    this.#members.get(member)?.connection.end('it has fallen silent');
  }

  reach(addresses: readonly string[]): void {
    const reached = new Set([...this.#members.values()].map(({ address }) => address));
    for (const address of addresses) if (!reached.has(address) && !this.#closed) this.#dials.reach(address);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#dials.close();
    for (const stranger of this.#strangers) stranger.end('this gateway ends');
    await Promise.all([...this.#members.values()].map(({ connection }) => connection.finish()));
    this.#server.close();
    await once(this.#server, 'close');
  }

  #take(socket: Socket, side: Side): void {
    const from = socket.remoteAddress ?? 'somebody';
    const connection: MemberConnection = new MemberConnection(socket, {
      ...this.#settings,
      side,
      clock: this.#clock,
      events: {
        greeted: () => this.#dials.answered(socket),
        proved: ({ id, address }) => {
          this.#strangers.delete(connection);
          if (id === this.#settings.self.id || this.#closed) connection.end('this is the same gateway');
          else if (this.#meet(id, address, connection)) this.#dials.reached(address, socket);
        },
        received: (message) => {
          const { peer } = connection;
          if (peer !== undefined && this.#members.get(peer)?.connection === connection) {
            this.#events.received(peer, message);
          }
        },
        ended: (why) => {
          const isStranger = this.#strangers.delete(connection);
          if (!isStranger) this.#part(connection);
          else if (why !== undefined) this.#say(`a connection with ${from} ended: ${why}`);
        },
      },
    });
    this.#strangers.add(connection);
  }

  /** Gives whether this is the connection with the member from now on. */
  #meet(id: GatewayId, address: string, connection: MemberConnection): boolean {
    const before = this.#members.get(id);
    const isOurs = connection.side === 'caller';
    if (before !== undefined && isOurs !== this.#settings.self.address < address) {
      connection.end('another connection stands');
      return false;
    }
    this.#members.set(id, { address, connection });
    // What was on its way on the other connection may be lost: that is a parting.
    if (before !== undefined) {
      before.connection.end('another connection stands');
      this.#events.parted(id);
    }
    this.#events.met(id);
    return true;
  }

  #part(connection: MemberConnection): void {
    const { peer } = connection;
    if (peer === undefined || this.#members.get(peer)?.connection !== connection) return;
    this.#members.delete(peer);
    this.#events.parted(peer);
  }

  #say(what: string): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [told, atMs] of this.#toldAtMs)
      if (nowMs - atMs > tellAgainAfterMs) this.#toldAtMs.delete(told);
    if (this.#toldAtMs.has(what) || this.#toldAtMs.size >= troublesMax || this.#closed) return;
    this.#toldAtMs.set(what, nowMs);
    this.#report(`cluster: ${what}`);
  }
}
