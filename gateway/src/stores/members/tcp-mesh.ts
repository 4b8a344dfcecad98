import { once } from 'node:events';
import { connect, createServer, isIP, type Server, type Socket } from 'node:net';
import {
  connect as connectTls,
  createServer as createTlsServer,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls';
import type { GatewayId } from '../../limits/claim.ts';
import type { Clock } from '../../limits/clock.ts';
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
  /** PEM texts. Each side must show a certificate of this authority; without them connections are plain. */
  readonly tls?: { readonly ca: string; readonly certificate: string; readonly key: string } | undefined;
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

function secured({ ca, certificate, key }: NonNullable<TcpMeshSettings['tls']>): SecureContextOptions & {
  readonly rejectUnauthorized: true;
} {
  return { ca, cert: certificate, key, minVersion: 'TLSv1.3', rejectUnauthorized: true };
}

function connectionEvent({ tls }: TcpMeshSettings): string {
  return tls === undefined ? 'connection' : 'secureConnection';
}

/** Connections that haven't proved anything yet, at most. */
const strangersMax = 64;
const redialAfterMs = 50;
/** Soon enough to find a way that is free again: the system itself would try after one second, then after three. */
const connectMsMax = 300;
/** How long the member with the greater address waits for the other to dial. */
const waitsForDialMs = 300;

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
  /** When an address was dialled last, or became known. */
  readonly #triedAtMs = new Map<string, number>();
  readonly #dialling = new Set<string>();
  #reported = '';
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
    const nowMs = this.#clock.monotonicMs();
    const reached = new Set([...this.#members.values()].map(({ address }) => address));
    for (const address of addresses) {
      if (reached.has(address) || this.#dialling.has(address) || this.#closed) continue;
      const triedAtMs = this.#triedAtMs.get(address) ?? nowMs;
      this.#triedAtMs.set(address, triedAtMs);
      // Whoever has just become known may be dialling us already.
      const waitMs = this.#settings.self.address < address ? redialAfterMs : waitsForDialMs;
      if (nowMs - triedAtMs >= waitMs) this.#dial(address, nowMs);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const stranger of this.#strangers) stranger.end('this gateway ends');
    await Promise.all([...this.#members.values()].map(({ connection }) => connection.finish()));
    this.#server.close();
    await once(this.#server, 'close');
  }

  #dial(address: string, nowMs: number): void {
    this.#triedAtMs.set(address, nowMs);
    const at = address.lastIndexOf(':');
    const host = address.slice(0, at).replace(/^\[|\]$/g, '');
    const port = Number(address.slice(at + 1));
    const { tls } = this.#settings;
    const named = isIP(host) === 0 ? { servername: host } : {};
    const socket =
      tls === undefined ? connect({ host, port }) : connectTls({ host, port, ...secured(tls), ...named });
    this.#dialling.add(address);
    const cancel = this.#clock.after(connectMsMax, () => socket.destroy(new Error('it does not answer')));
    const connected = tls === undefined ? 'connect' : 'secureConnect';
    socket.once(connected, () => {
      cancel();
      this.#take(socket, 'caller');
    });
    const failed = (error: Error): void => this.#say(`can't reach ${address}: ${error.message}`);
    socket.on('error', failed);
    socket.once('close', () => {
      cancel();
      this.#dialling.delete(address);
    });
  }

  #take(socket: Socket | TLSSocket, side: Side): void {
    const from = `${socket.remoteAddress}:${socket.remotePort}`;
    const connection: MemberConnection = new MemberConnection(socket, {
      ...this.#settings,
      side,
      clock: this.#clock,
      events: {
        proved: ({ id, address }) => {
          this.#strangers.delete(connection);
          if (id === this.#settings.self.id || this.#closed) connection.end('this is the same gateway');
          else this.#meet(id, address, connection);
        },
        received: (message) => {
          const { peer } = connection;
          if (peer !== undefined && this.#members.get(peer)?.connection === connection) {
            this.#events.received(peer, message);
          }
        },
        ended: (why) => {
          const isStranger = this.#strangers.delete(connection);
          if (isStranger) this.#say(`a connection with ${from} ended: ${why}`);
          else this.#part(connection);
        },
      },
    });
    this.#strangers.add(connection);
  }

  #meet(id: GatewayId, address: string, connection: MemberConnection): void {
    const before = this.#members.get(id);
    const isOurs = connection.side === 'caller';
    if (before !== undefined && isOurs !== this.#settings.self.address < address) {
      connection.end('another connection stands');
      return;
    }
    this.#members.set(id, { address, connection });
    this.#triedAtMs.delete(address);
    // What was on its way on the other connection may be lost: that is a parting.
    if (before !== undefined) {
      before.connection.end('another connection stands');
      this.#events.parted(id);
    }
    this.#events.met(id);
  }

  #part(connection: MemberConnection): void {
    const { peer } = connection;
    if (peer === undefined || this.#members.get(peer)?.connection !== connection) return;
    this.#members.delete(peer);
    this.#events.parted(peer);
  }

  /** The same trouble again and again is told once. */
  #say(what: string): void {
    if (what === this.#reported || this.#closed) return;
    this.#reported = what;
    this.#report(`cluster: ${what}`);
  }
}
