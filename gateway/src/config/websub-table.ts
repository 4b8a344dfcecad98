import { type Deployment, readTable } from './deployment-table.ts';
import type { WebSubSettings } from './config.ts';
import { listOf, mapping, text } from './expected.ts';
import { networkRange } from './network-names.ts';

/** Reads `[sluice.websub]`. Problems are reported. */
export function readWebSubTable(deployment: Deployment): WebSubSettings {
  const { callback_hosts, callback_networks } = readTable(deployment, {
    path: ['sluice', 'websub'],
    schema,
    unknownIs: 'error',
  });
  return {
    callbackHosts: (callback_hosts ?? []).map((host) => host.toLowerCase()),
    callbackNetworks: callback_networks ?? [],
  };
}

const schema = mapping({
  callback_hosts: listOf(
    text({
      expected: 'the name of a host, or "*." and a domain',
      charactersMax: 253,
      pattern: /^(?:\*\.)?[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?$/,
    }),
    'hosts such as "hooks.internal" or "*.example.com"',
    { to: 1000 },
  ).optional(),
  callback_networks: listOf(networkRange(), 'addresses or ranges such as "10.0.0.0/8"', {
    to: 1000,
  }).optional(),
});
