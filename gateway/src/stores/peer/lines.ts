import type { Socket } from 'node:net';

const lineCharactersMax = 4_194_304;

/**
 * Frames a socket as lines of JSON. Whatever isn't one JSON value per line, or a line above four million characters,
 * destroys the socket with an error that says so.
 */
export function onJsonLines(socket: Socket, handle: (message: unknown) => void): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > lineCharactersMax) {
      socket.destroy(new Error(`a line is longer than ${lineCharactersMax} characters`));
      return;
    }
    for (const line of lines) {
      let message: unknown;
      try {
        message = JSON.parse(line);
      } catch (error) {
        socket.destroy(new Error('a line is not JSON', { cause: error }));
        return;
      }
      handle(message);
    }
  });
}

export function writeJsonLine(socket: Socket, message: unknown): void {
  socket.write(`${JSON.stringify(message)}\n`);
}
