import type { Socket } from 'node:net';
import { closeFrame } from '../wire/frame-writer.ts';
import { FrameFlow, type FlowOwner } from './frame-flow.ts';
import type { MessageGates } from './message-gate.ts';

/** One end of a tunnel: a socket that left HTTP, and what came on it already. */
export interface TunnelEnd {
  readonly socket: Socket;
  readonly first: Buffer;
}

/** Makes two sockets one WebSocket, whose messages pass a gate each. */
export function joinFramed(client: TunnelEnd, backend: TunnelEnd, gates: MessageGates): void {
  new FramedTunnel(client, backend, gates).begin(client, backend);
}

class FramedTunnel implements FlowOwner {
  readonly #client: Socket;
  readonly #backend: Socket;
  readonly #fromClient: FrameFlow;
  readonly #fromBackend: FrameFlow;
  /** Waits until the backend's message is over; one is enough, as others would say the same. */
  #held: Buffer | undefined;
  #failed = false;

  constructor(client: TunnelEnd, backend: TunnelEnd, gates: MessageGates) {
    this.#client = client.socket;
    this.#backend = backend.socket;
    const up = { from: client.socket, to: backend.socket, sender: 'client' } as const;
    const down = { from: backend.socket, to: client.socket, sender: 'backend' } as const;
    this.#fromClient = new FrameFlow(up, gates.fromClient, this);
    this.#fromBackend = new FrameFlow(down, gates.fromBackend, this);
  }

  begin(client: TunnelEnd, backend: TunnelEnd): void {
    begin(client, backend.socket, this.#fromClient);
    begin(backend, client.socket, this.#fromBackend);
  }

  tellClient(frame: Buffer, goOn: () => void): boolean {
    if (this.#failed) return true;
    if (this.#fromBackend.inMessage) {
      this.#held = frame;
      return true;
    }
    if (this.#client.write(frame)) return true;
    this.#client.once('drain', goOn);
    return false;
  }

  idle(): void {
    const held = this.#held;
    if (held === undefined || this.#fromBackend.inMessage) return;
    this.#held = undefined;
    if (!this.#failed) this.#client.write(held);
  }

  fail(code: number): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#fromClient.stop();
    this.#fromBackend.stop();
    if (this.#fromBackend.inFrame) this.#client.destroySoon();
    else this.#client.end(closeFrame(code, { masked: false }));
    if (this.#fromClient.inFrame) this.#backend.destroySoon();
    else this.#backend.end(closeFrame(code, { masked: true }));
  }
}

function begin({ socket, first }: TunnelEnd, to: Socket, flow: FrameFlow): void {
  socket.on('error', ignore);
  // It may have broken off while it waited for this.
  if (socket.destroyed) to.destroySoon();
  socket.on('close', () => to.destroySoon());
  socket.on('end', () => to.end());
  socket.on('data', flow.take);
  socket.resume();
  if (first.length > 0) flow.take(first);
}

/** `close` follows. */
function ignore(): void {}
