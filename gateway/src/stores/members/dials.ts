import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureContextOptions } from 'node:tls';
import type { Clock } from '../../limits/clock.ts';

/** PEM texts. Each side must show a certificate of this authority. */
export interface MeshTls {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export function secured({ ca, certificate, key }: MeshTls): SecureContextOptions & {
  readonly rejectUnauthorized: true;
} {
  return { ca, cert: certificate, key, minVersion: 'TLSv1.3', rejectUnauthorized: true };
}

/** One attempt to reach an address, until its socket closes. */
interface Dial {
  readonly socket: Socket;
  readonly sinceMs: number;
  isConnected: boolean;
  /** While the way is known to be open: nobody else is dialled there. Without end once there is a member. */
  openUntilMs: number;
}

/** At most, to one address. One is given up for the next: a way that is free again is found by whoever tries it anew. */
const underWayMax = 3;
const redialAfterMs = 50;
/** About a heartbeat: as long as a dial is under way. */
const dialBesidesAfterMs = 90;
/** How long the member with the greater address waits for the other to dial. */
const waitsForDialMs = 300;
/** How long a host that takes a connection may leave us without the next word of the handshake: a busy one is slow to speak. */
const speaksWithinMs = 600;

/**
 * Connections that this member opens. The system itself would try a way that was lost for a moment after one second, then after
 * three; so an address that doesn't answer is dialled again beside the dials that are under way, and the first that is answered stays.
 */
export class Dials {
  readonly #self: string;
  readonly #tls: MeshTls | undefined;
  readonly #clock: Clock;
  readonly #connected: (socket: Socket) => void;
  readonly #failed: (address: string, why: string) => void;
  /** When an address was dialled last, or became known. */
  readonly #triedAtMs = new Map<string, number>();
  readonly #underWay = new Map<string, Set<Dial>>();

  constructor(parts: {
    /** This member's address: the smaller of two dials. */
    readonly self: string;
    readonly tls: MeshTls | undefined;
    readonly clock: Clock;
    readonly connected: (socket: Socket) => void;
    readonly failed: (address: string, why: string) => void;
  }) {
    this.#self = parts.self;
    this.#tls = parts.tls;
    this.#clock = parts.clock;
    this.#connected = parts.connected;
    this.#failed = parts.failed;
  }

  /** Dials an address if it is time to. */
  reach(address: string): void {
    const nowMs = this.#clock.monotonicMs();
    const triedAtMs = this.#triedAtMs.get(address) ?? nowMs;
    this.#triedAtMs.set(address, triedAtMs);
    const dials = this.#underWay.get(address) ?? new Set();
    const isOpen = [...dials].some(({ openUntilMs }) => nowMs < openUntilMs);
    // Whoever has just become known may be dialling us already.
    const oursAfterMs = dials.size === 0 ? redialAfterMs : dialBesidesAfterMs;
    const waitMs = this.#self < address ? oursAfterMs : waitsForDialMs;
    if (isOpen || nowMs - triedAtMs < waitMs) return;
    if (dials.size >= underWayMax) {
      const vain = [...dials].find(
        ({ isConnected, sinceMs }) => !isConnected || nowMs - sinceMs > speaksWithinMs,
      );
      if (vain === undefined) return;
      this.#failed(address, 'it does not answer');
      this.#end(address, vain);
    }
    this.#dial(address, nowMs);
  }

  /** A member has answered a dial: only that one goes on, so that the other side never has to choose between two. */
  answered(socket: Socket): void {
    this.#only(socket, this.#clock.monotonicMs() + speaksWithinMs);
  }

  /** A connection with a member that is reached at `address` stands, whoever has dialled it. */
  reached(address: string, by: Socket): void {
    this.#triedAtMs.delete(address);
    this.#only(by, Infinity);
    for (const dial of this.#underWay.get(address) ?? []) {
      // The other side may hold our answered dial for the one that stays, and close this connection.
      const mayStand = this.#self < address && dial.openUntilMs !== -Infinity;
      if (dial.socket !== by && !mayStand) this.#end(address, dial);
    }
  }

  close(): void {
    for (const [address, dials] of this.#underWay) for (const dial of dials) this.#end(address, dial);
  }

  #only(socket: Socket, openUntilMs: number): void {
    for (const [address, dials] of this.#underWay) {
      const one = [...dials].find((dial) => dial.socket === socket);
      if (one === undefined) continue;
      one.openUntilMs = openUntilMs;
      for (const other of dials) if (other !== one) this.#end(address, other);
    }
  }

  #dial(address: string, nowMs: number): void {
    this.#triedAtMs.set(address, nowMs);
    const at = address.lastIndexOf(':');
    const host = address.slice(0, at).replace(/^\[|\]$/g, '');
    const port = Number(address.slice(at + 1));
    const tls = this.#tls;
    const named = isIP(host) === 0 ? { servername: host } : {};
    const socket =
      tls === undefined ? connect({ host, port }) : connectTls({ host, port, ...secured(tls), ...named });
    const dial: Dial = { socket, sinceMs: nowMs, isConnected: false, openUntilMs: -Infinity };
    const dials = this.#underWay.get(address) ?? new Set();
    this.#underWay.set(address, dials.add(dial));
    const failed = (error: Error): void => this.#failed(address, error.message);
    socket.on('error', failed);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      socket.off('error', failed);
      dial.isConnected = true;
      this.#connected(socket);
    });
    socket.once('close', () => this.#forget(address, dial));
  }

  #end(address: string, dial: Dial): void {
    this.#forget(address, dial);
    dial.socket.destroy();
  }

  #forget(address: string, dial: Dial): void {
    const dials = this.#underWay.get(address);
    dials?.delete(dial);
    if (dials?.size === 0) this.#underWay.delete(address);
  }
}
