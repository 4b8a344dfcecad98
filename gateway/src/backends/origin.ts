import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type ConnectionOptions } from 'node:tls';

/** How the certificates of an `https` origin are checked, and what it is shown; PEM. */
export interface BackendTls {
  /** Instead of the authorities this runtime trusts. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly passphrase?: string | undefined;
  /** False takes any certificate. */
  readonly verify?: boolean | undefined;
}

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

function tlsOptions(host: string, { verify = true, ...pem }: BackendTls): ConnectionOptions {
  return {
    secureContext: createSecureContext(pem),
    rejectUnauthorized: verify,
    ALPNProtocols: ['http/1.1'],
    // Addresses are no server names (RFC 6066, section 3).
    ...(isIP(host) === 0 ? { servername: host } : {}),
  };
}

/** What every read of a connection in the clear is written to: read and forgotten before the next one. */
const readBuffer: Buffer = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * Opens a connection. `read` is given the bytes of one read, which are its own until it returns, and gives false when the
 * socket should pause.
 */
export function dial({ host, port, tls }: Origin, read: (bytes: Buffer) => boolean): Socket {
  const common = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 };
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
