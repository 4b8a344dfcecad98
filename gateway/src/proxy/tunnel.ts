import type { Socket } from 'node:net';
import { joinFramed, type TunnelEnd } from './framed-tunnel.ts';
import type { TunnelRule } from './message-gate.ts';

/**
 * Two sockets that are one connection: bytes flow both ways at the pace of the slower side. A side that says its end may still
 * listen; one that breaks off takes the other along.
 */
export class Tunnel {
  readonly #client: Socket;
  readonly #readBefore: number;
  readonly #writtenBefore: number;

  constructor(client: TunnelEnd, backend: TunnelEnd, rule: TunnelRule | undefined) {
    const { socket, first } = client;
    this.#client = socket;
    this.#readBefore = socket.bytesRead - socket.readableLength - first.length;
    this.#writtenBefore = socket.bytesWritten;
    if (rule?.gates !== undefined) {
      joinFramed(client, backend, rule.gates);
      return;
    }
    flow(client, backend.socket, rule);
    flow(backend, socket, rule);
  }

  /** Bytes from the client. */
  get bytesIn(): number {
    return this.#client.bytesRead - this.#readBefore;
  }

  /** Bytes to the client. */
  get bytesOut(): number {
    return this.#client.bytesWritten - this.#writtenBefore;
  }
}

/** Nobody knows where a frame ends in bytes that go through unread: what may not flow any more is broken off. */
function flow({ socket, first }: TunnelEnd, to: Socket, rule: TunnelRule | undefined): void {
  if (first.length > 0) to.write(first);
  socket.on('error', ignore);
  // It may have broken off while it waited for this.
  if (socket.destroyed) to.destroySoon();
  socket.on('close', () => to.destroySoon());
  socket.on('data', () => {
    if (rule === undefined || rule.mayFlow()) return;
    socket.destroy();
    to.destroy();
  });
  socket.pipe(to);
}

/** `close` follows. */
function ignore(): void {}
