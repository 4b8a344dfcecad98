import type { Socket } from 'node:net';

/** One end of a tunnel: a socket that left HTTP, and what came on it already. */
export interface TunnelEnd {
  readonly socket: Socket;
  readonly first: Buffer;
}

/**
 * Joins two sockets: bytes flow both ways at the pace of the slower side, until either ends. Whoever has more to say then has
 * said it into the void, as with any connection that breaks.
 */
export function joinTunnel(client: TunnelEnd, backend: TunnelEnd): void {
  flow(client, backend.socket);
  flow(backend, client.socket);
}

function flow({ socket, first }: TunnelEnd, to: Socket): void {
  if (first.length > 0) to.write(first);
  socket.pipe(to);
  socket.on('error', ignore);
  socket.on('close', () => to.destroySoon());
}

/** `close` follows. */
function ignore(): void {}
