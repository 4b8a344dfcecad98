import { WebSocket } from 'ws';
import { until } from './until.ts';

/** One WebSocket, as its client sees it. */
export interface Talk {
  readonly client: WebSocket;
  readonly heard: string[];
  /** The code with which it was closed. */
  readonly ends: number[];
  /** Says something and gives what comes back. */
  readonly say: (text: string) => Promise<string>;
}

/** Opens a WebSocket; who asked terminates its client. */
export async function openTalk(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Talk> {
  const client = new WebSocket(url.replace('http', 'ws'), { headers });
  const heard: string[] = [];
  const ends: number[] = [];
  client.on('message', (data: Buffer) => heard.push(data.toString()));
  client.on('close', (code) => ends.push(code));
  await new Promise((opened, failed) => {
    client.on('open', opened);
    client.on('error', failed);
  });
  const say = async (text: string): Promise<string> => {
    const before = heard.length;
    client.send(text);
    await until(() => heard.length > before);
    return heard.slice(before).join('|');
  };
  return { client, heard, ends, say };
}
