import { isDeepStrictEqual } from 'node:util';
import type { Config, HttpsSettings } from './config/config.ts';

/** What a running gateway was made with: another value takes a restart. */
const fixed: Readonly<Record<string, (config: Config) => unknown>> = {
  '[sluice.listener], but for trusted_proxies, underscore_names and certificates': ({ listener }) => {
    const { trustedProxies: _, underscoreNames: __, https, ...rest } = listener;
    return { ...rest, https: https && askedOfClients(https) };
  },
  '[sluice.backends]': ({ backends }) => backends,
  'the admin listener': ({ admin: { host, port, api } }) => ({ host, port, share: api?.share }),
  '[sluice.reload]': ({ reload }) => reload,
  'the store': ({ store }) => store,
  'the gateway id, count and claim deadline': ({ gateway }) => gateway,
  '[sluice.store] on_failure': ({ onStoreFailure }) => onStoreFailure,
  '[sluice.leases]': ({ leases }) => leases,
};

/** What a gateway made with one configuration goes by after it has read another: the other, but for what takes a restart. */
export function takenOver(before: Config, after: Config): Config {
  const { gateway, store, onStoreFailure, leases, admin, reload, backends } = before;
  const { trustedProxies, underscoreNames } = after.listener;
  const https = renewed(before.listener.https, after.listener.https);
  const listener = { ...before.listener, trustedProxies, underscoreNames, ...(https && { https }) };
  return { ...after, gateway, store, onStoreFailure, leases, admin, reload, backends, listener };
}

/** Which changes from one configuration to the other a running gateway can't take over, in words. */
export function restartNeeded(before: Config, after: Config): readonly string[] {
  return Object.entries(fixed)
    .filter(([, of]) => !isDeepStrictEqual(of(before), of(after)))
    .map(([what]) => what);
}

/** Other certificates are for those who connect from then on; the port, and what clients are asked for, stay. */
function renewed(
  before: HttpsSettings | undefined,
  after: HttpsSettings | undefined,
): HttpsSettings | undefined {
  if (before === undefined || after === undefined) return before;
  const isSame = isDeepStrictEqual(askedOfClients(before), askedOfClients(after));
  return isSame ? after : { ...after, port: before.port, clientCertificates: before.clientCertificates };
}

function askedOfClients({ port, clientCertificates }: HttpsSettings): unknown {
  return { port, asked: clientCertificates === 'none' ? 'none' : clientCertificates.required };
}
