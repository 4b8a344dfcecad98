import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls';
import type { HttpsSettings } from '../config/config.ts';

/** A server for clients that speak TLS; `connected` gets their sockets after the handshake. */
export function createTlsServer(
  settings: HttpsSettings,
  waits: { readonly handshakeMsMax: number },
  connected: (socket: Socket) => void,
): Server {
  const { clientCertificates } = settings;
  const server = createServer({
    ...identityOf(settings),
    allowHalfOpen: true,
    noDelay: true,
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: waits.handshakeMsMax,
    requestCert: clientCertificates !== 'none',
    rejectUnauthorized: clientCertificates !== 'none' && clientCertificates.required,
  });
  // Nobody else ends a handshake that failed or takes too long.
  server.on('tlsClientError', (_, socket) => socket.destroy());
  server.on('secureConnection', (socket) => {
    if (showsBadCertificate(socket)) socket.destroy();
    else connected(socket);
  });
  return server;
}

/** What the server proves itself with. Connections that are open keep what they have. */
export function identityOf(settings: HttpsSettings): SecureContextOptions {
  const { certificate, key, passphrase, minimumVersion, clientCertificates } = settings;
  return {
    cert: certificate,
    key,
    minVersion: minimumVersion,
    // A client could ask for one handshake after the other.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ...(passphrase !== undefined && { passphrase }),
    ...(clientCertificates !== 'none' && { ca: clientCertificates.ca }),
  };
}

/** Where a client needs no certificate, one that proves nothing is still no good. */
function showsBadCertificate(socket: TLSSocket): boolean {
  return !socket.authorized && socket.getPeerX509Certificate() !== undefined;
}
