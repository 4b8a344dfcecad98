import { createHmac, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { TokenIssuer } from '../../src/config/token-settings.ts';

type Members = Readonly<Record<string, unknown>>;

/** An issuer's key pair and what it signs. */
export class Signer {
  readonly kid: string;
  readonly publicKey: KeyObject;
  readonly #privateKey: KeyObject;

  constructor(kid = 'key-1') {
    this.kid = kid;
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.publicKey = publicKey;
    this.#privateKey = privateKey;
  }

  get jwk(): Members {
    return { ...this.publicKey.export({ format: 'jwk' }), kid: this.kid, use: 'sig', alg: 'RS256' };
  }

  get pem(): string {
    return this.publicKey.export({ format: 'pem', type: 'spki' });
  }

  /** A token that is good for five minutes, of the issuer `https://issuer.example`; `claims` and `header` overrule. */
  token(claims: Members = {}, header: Members = {}): string {
    const input = signingInput(
      { alg: 'RS256', typ: 'at+jwt', kid: this.kid, ...header },
      { ...goodClaims(), ...claims },
    );
    return `${input}.${sign('sha256', Buffer.from(input), this.#privateKey).toString('base64url')}`;
  }

  /** WSO2's API key: a token in another header. */
  apiKey(claims: Members = {}): string {
    return this.token({ token_type: 'apiKey', ...claims }, { typ: 'JWT', kid: 'gateway_certificate_alias' });
  }
}

export const issuerName = 'https://issuer.example';

export function goodClaims(): Members {
  const now = Math.floor(Date.now() / 1000);
  return { iss: issuerName, sub: 'carol', azp: 'mobile-prod', iat: now, exp: now + 300, jti: randomUUID() };
}

export function signingInput(header: Members, claims: Members): string {
  return [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
}

/** Signed with a shared secret. */
export function hmacToken(secret: string, header: Members = {}): string {
  const input = signingInput({ alg: 'HS256', typ: 'JWT', ...header }, goodClaims());
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

export function issuerOf(more: Partial<TokenIssuer> = {}): TokenIssuer {
  return {
    name: issuerName,
    keyManager: 'Resident Key Manager',
    algorithms: ['RS256'],
    audiences: [],
    consumerKeyClaims: ['azp', 'client_id', 'consumerKey'],
    scopesClaim: 'scope',
    claimNames: {},
    applicationClaims: true,
    controlPlane: false,
    ...more,
  };
}

/** A real JWKS endpoint on loopback that counts who asks. */
export class KeyServer {
  /** What it answers; a promise that never ends is a server that hangs. */
  answer: () => string | Promise<string>;
  fetches = 0;
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server, port: number, answer: () => string) {
    this.#server = server;
    this.url = `http://127.0.0.1:${port}/jwks`;
    this.answer = answer;
  }

  static async start(...signers: readonly Signer[]): Promise<KeyServer> {
    const self: { keys?: KeyServer } = {};
    const server = createServer((_, response) => {
      const keys = self.keys!;
      keys.fetches += 1;
      void Promise.resolve(keys.answer()).then((text) => response.end(text));
    });
    await new Promise<void>((listening) => {
      server.listen(0, '127.0.0.1', listening);
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening on a TCP port');
    self.keys = new KeyServer(server, address.port, () => jwksOf(...signers));
    return self.keys;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => {
      this.#server.close(closed);
    });
  }
}

export function jwksOf(...signers: readonly Signer[]): string {
  return JSON.stringify({ keys: signers.map(({ jwk }) => jwk) });
}
