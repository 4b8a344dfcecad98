import * as z from 'zod';
import { type Deployment, readTable } from './deployment-table.ts';
import { flag, mapping, text, wholeNumber } from './expected.ts';
import { hostName } from './network-names.ts';
import { redisKeys } from './no-effect.ts';
import type { Path } from './source-file.ts';

/** The table of WSO2 that names the Redis server, and this gateway. */
export const redisPath: Path = ['apim', 'redis_config'];

/** The table's sound fields, as the operator wrote them. */
export interface RedisFields {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly database_id?: number | undefined;
  readonly ssl?: boolean | undefined;
  readonly connection_timeout?: number | undefined;
  readonly socket_timeout?: number | undefined;
  readonly gateway_id?: string | undefined;
  readonly min_gateway_count?: number | undefined;
  readonly key_lock_retrieval_timeout?: number | undefined;
}

/** Reads `[apim.redis_config]`, whether or not Redis is chosen. Problems are reported. */
export function readRedisTable(deployment: Deployment): RedisFields {
  return readTable(deployment, {
    path: redisPath,
    schema: redisSchema,
    noEffect: redisKeys,
    unknownIs: 'warning',
  });
}

const bounded = ' ms (0, which means no limit in WSO2, is refused: every wait has a bound)';
const deadline = wholeNumber(1, 60_000, bounded).optional();
const credentialError = { error: 'a string of at most 1000 characters' };
/** A user or a password. WSO2's templates write empty strings for "none". */
export const credential: z.ZodOptional<z.ZodType<string>> = z
  .union([z.string(), z.number().transform(String)], credentialError)
  .pipe(z.string().max(1000, credentialError))
  .optional();

const redisSchema = mapping({
  host: hostName().optional(),
  port: wholeNumber(1, 65_535).optional(),
  user: credential,
  password: credential,
  database_id: wholeNumber(0, 9999).optional(),
  ssl: flag().optional(),
  connection_timeout: deadline,
  socket_timeout: deadline,
  gateway_id: text({
    expected: 'a name without spaces, 1 to 100 characters',
    charactersMax: 100,
    pattern: /^\S+$/,
  }).optional(),
  min_gateway_count: wholeNumber(1, 1000).optional(),
  key_lock_retrieval_timeout: deadline,
});
