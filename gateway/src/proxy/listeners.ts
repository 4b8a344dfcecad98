import type { HttpsSettings, ListenerSettings } from '../config/config.ts';
import { bodyRooms } from './body-room.ts';
import { startProxy, type Proxy, type ProxyOptions } from './server.ts';

/** Where clients are listened for, by scheme; 0 for any free port, undefined where they aren't. */
export interface ListenerPorts {
  readonly http: number | undefined;
  readonly https: number | undefined;
}

/** The listeners of a data plane, together. */
export interface Listeners {
  readonly ports: ListenerPorts;
  /** What it gives, once called, has it prove itself by another certificate to those who connect from then on; throws when it can't. */
  renewal(https: HttpsSettings): () => void;
  /** Stops accepting, lets running requests end, and cuts what still runs after the deadline. */
  drain(deadlineMs: number): Promise<void>;
}

/** The ports that a configuration names. */
export function portsOf({ http, port, https }: ListenerSettings): ListenerPorts {
  return { http: http ? port : undefined, https: https?.port };
}

/** Listens for each scheme that has a port; rejects when one can't be had, and listens for none then. */
export async function startListeners(
  options: Omit<ProxyOptions, 'port' | 'bodyRooms'>,
  ports: ListenerPorts,
): Promise<Listeners> {
  const { https: settings, ...common } = { ...options, bodyRooms: bodyRooms() };
  const http = ports.http === undefined ? undefined : await startProxy({ ...common, port: ports.http });
  let https: Proxy | undefined;
  try {
    if (ports.https !== undefined)
      https = await startProxy({ ...common, https: settings, port: ports.https });
  } catch (error) {
    await http?.drain(0);
    throw error;
  }
  return {
    ports: { http: http?.port, https: https?.port },
    renewal: (changed) => https?.renewal(changed) ?? (() => {}),
    drain: async (deadlineMs) => {
      await Promise.all([http?.drain(deadlineMs), https?.drain(deadlineMs)]);
    },
  };
}
