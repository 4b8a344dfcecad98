import { readFileSync, statSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Environment, NamedFile, ReadSchema, TlsTexts } from '../config/home.ts';
import { hasOperation, operationKind, readSchema } from '../graphql/schema.ts';
import { keysOfJwks, keysOfPem } from '../identity/token-key.ts';

const fileBytesMax = 1024 * 1024;
const threadsMax = 64;

/** What the configuration of a home takes from this machine. */
export function machineEnvironment(homePath: string): Environment & Required<Pick<Environment, 'namedFile'>> {
  return {
    variables: process.env,
    hostName: hostname(),
    namedFile: (path) => readNamedFile(resolve(homePath, path)),
    tlsProblem,
    keysProblem,
    graphqlSchema: readGraphqlSchema,
  };
}

/** As many threads as run at once, and as a gateway may have. */
export function coresOfMachine(): number {
  return Math.min(threadsMax, availableParallelism());
}

function tlsProblem({ ca, certificate: cert, key, passphrase }: TlsTexts): string | undefined {
  try {
    createSecureContext({ ca, cert, key, passphrase });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function keysProblem(text: string, form: 'jwks' | 'pem'): string | undefined {
  try {
    const keys = form === 'jwks' ? keysOfJwks(text) : keysOfPem(text);
    return keys.length === 0 ? 'it holds no key that verifies signatures' : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function readGraphqlSchema(text: string): ReadSchema {
  const schema = readSchema(text);
  return 'problem' in schema
    ? schema
    : { has: (verb, field) => hasOperation(schema, operationKind(verb), field) };
}

function readNamedFile(path: string): NamedFile {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) return { problem: 'it is not a regular file' };
    if (stats.size > fileBytesMax) return { problem: `it is larger than ${fileBytesMax} bytes` };
    return { text: readFileSync(path, 'utf8') };
  } catch (error) {
    return { problem: error instanceof Error && 'code' in error ? String(error.code) : String(error) };
  }
}
