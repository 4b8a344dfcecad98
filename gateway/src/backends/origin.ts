import { connect, isIP, type Socket } from 'node:net';
import type { BackendTls } from '../config/config.ts';
import { connect as connectTls, createSecureContext, type ConnectionOptions } from 'node:tls';

/** Where a pool's connections go. */
export interface Origin {
  /** The field line that requests to it begin with. */
  readonly hostLine: string;
  readonly host: string;
  readonly port: number;
  /** Undefined for connections in the clear. */
  readonly tls: ConnectionOptions | undefined;
}

/** Reads an origin such as `https://orders.internal:8443`. */
export function originOf(url: string, tls: BackendTls): Origin {
  const { protocol, host: authority, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const isTls = protocol === 'https:';
  return {
    hostLine: `host: ${authority}\r\n`,
    host,
    port: port === '' ? (isTls ? 443 : 80) : Number(port),
    tls: isTls ? tlsOptions(host, tls) : undefined,
  };
}

function tlsOptions(host: string, tls: BackendTls): ConnectionOptions {
  const { verify, ca, certificate, key, passphrase, serverName } = tls;
  // Addresses are no server names (RFC 6066, section 3).
  const servername = serverName ?? (isIP(host) === 0 ? host : undefined);
  return {
    secureContext: createSecureContext({ ca, cert: certificate, key, passphrase }),
    rejectUnauthorized: verify,
    ALPNProtocols: ['http/1.1'],
    ...(servername !== undefined && { servername }),
  };
}

/** What every read of a connection in the clear is written to: read and forgotten before the next one. */
const readBuffer: Buffer = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * Opens a connection. `read` is given the bytes of one read, which are its own until it returns, and gives false when the
 * socket should pause.
 */
export function dial({ host, port, tls }: Origin, read: (bytes: Buffer) => boolean): Socket {
  // Whoever has the socket ends it: in a tunnel the client may have more to say than its backend.
  const common = {
    host,
    port,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  };
  if (tls === undefined) {
    const callback = (bytes: number): boolean => read(readBuffer.subarray(0, bytes));
    return connect({ ...common, onread: { buffer: readBuffer, callback } });
  }
  const socket = connectTls({ ...common, ...tls });
  socket.on('data', (bytes: Buffer) => {
    if (!read(bytes)) socket.pause();
  });
  return socket;
}
