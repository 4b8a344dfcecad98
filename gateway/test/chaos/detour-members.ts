/*
 * Loaded into a clustered gateway with `--import`: what it dials on a port of another member goes to the port of a proxy that
 * stands between. A member listens at the address it tells, so nothing else could come between two of them on one host.
 */
import { syncBuiltinESMExports } from 'node:module';
import net, { type NetConnectOpts } from 'node:net';

const detours = JSON.parse(process.env['SLUICE_CHAOS_DETOURS'] ?? '{}') as Record<string, number>;
const connect = net.connect;

net.connect = ((options: NetConnectOpts) => {
  if (!('port' in options)) return connect(options);
  return connect({ ...options, port: detours[options.port] ?? options.port });
}) as typeof connect;
syncBuiltinESMExports();
