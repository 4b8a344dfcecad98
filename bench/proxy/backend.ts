/*
 * The backend behind every proxy of the bench: bare sockets and answers made beforehand. Requests that arrive together are
 * answered in one write. Says its port when it listens.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { largeBytes, smallBytes } from './load.ts';

const small = answer(smallBytes);
const large = answer(largeBytes);
const headEnd = '\r\n\r\n';
const lastChunk = '\r\n0\r\n\r\n';

const server = createServer((socket) => {
  let rest = '';
  socket.setNoDelay(true).setEncoding('latin1');
  socket.on('data', (text: string) => {
    rest = answerAll(socket, rest + text);
  });
  socket.on('error', () => {});
});
server.listen(0, '127.0.0.1', 1024, () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.once('disconnect', () => process.exit());

/** Answers every whole request; gives what is left. */
function answerAll(socket: Socket, text: string): string {
  const answers: Buffer[] = [];
  let start = 0;
  while (start < text.length) {
    const end = requestEnd(text, start);
    if (end === undefined) break;
    answers.push(text.startsWith('GET /10k', start) ? large : small);
    start = end;
  }
  const [first] = answers;
  if (first !== undefined) socket.write(answers.length === 1 ? first : Buffer.concat(answers));
  return start === 0 ? text : text.slice(start);
}

function requestEnd(text: string, start: number): number | undefined {
  const headAt = text.indexOf(headEnd, start);
  if (headAt === -1) return undefined;
  const bodyAt = headAt + headEnd.length;
  if (text.startsWith('GET ', start)) return bodyAt;
  const head = text.slice(start, bodyAt);
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    const endAt = text.indexOf(lastChunk, bodyAt);
    return endAt === -1 ? undefined : endAt + lastChunk.length;
  }
  const end = bodyAt + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  return end > text.length ? undefined : end;
}

function answer(bytes: number): Buffer {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${bytes}\r\n\r\n`;
  return Buffer.from(head + 'x'.repeat(bytes), 'latin1');
}
