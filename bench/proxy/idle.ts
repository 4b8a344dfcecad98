import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { requestBytes } from './request-bytes.ts';
import type { Load } from './load.ts';
import type { Server } from './variant.ts';

/** Connections that have asked once and wait. */
export class IdleConnections {
  readonly #sockets: Socket[] = [];

  static async open(server: Server, load: Load): Promise<IdleConnections> {
    const idle = new IdleConnections();
    const request = requestBytes(server, load);
    for (let left = load.idle; left > 0; left -= 1) {
      const socket = connect(server.port, '127.0.0.1').on('error', () => {});
      idle.#sockets.push(socket);
      socket.write(request);
      await once(socket, 'data');
    }
    return idle;
  }

  /** Throws when the server has closed one: then it wasn't measured beside all of them. */
  close(): void {
    const lost = this.#sockets.filter(({ readyState }) => readyState !== 'open').length;
    for (const socket of this.#sockets) socket.destroy();
    if (lost > 0) throw new Error(`${lost} of ${this.#sockets.length} idle connections were closed`);
  }
}
