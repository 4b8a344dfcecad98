import * as z from 'zod';
import type { ClusterSettings } from './config.ts';
import { type Deployment, readTable } from './deployment-table.ts';
import { flag, listOf, mapping, oneOf, text, wholeNumber } from './expected.ts';
import { clusteringKeys } from './no-effect.ts';
import { hostName, isLoopback, pemFile } from './network-names.ts';
import { type Path, valueAt } from './source-file.ts';
import { readTlsFiles } from './tls-files.ts';

const path: Path = ['clustering'];

/** The sound fields of `[clustering]`, as the operator wrote them. */
export interface ClusteringFields {
  readonly enable?: boolean | undefined;
  readonly membership_scheme?: 'wka' | undefined;
  readonly domain?: string | undefined;
  readonly local_member_host?: string | undefined;
  readonly local_member_port?: number | undefined;
  readonly members?: readonly string[] | undefined;
  readonly member?: readonly { readonly hostname: string; readonly port: number }[] | undefined;
  readonly secret?: string | undefined;
  readonly on_lost_majority?: 'share' | 'whole' | undefined;
  readonly ca_file?: string | undefined;
  readonly cert_file?: string | undefined;
  readonly key_file?: string | undefined;
}

/** Reads `[clustering]`, whether or not it is chosen. Problems are reported. */
export function readClusteringTable(deployment: Deployment): ClusteringFields {
  return readTable(deployment, {
    path,
    schema: clusteringSchema,
    noEffect: clusteringKeys,
    unknownIs: 'warning',
  });
}

/** How gateways keep their counters themselves. What is missing, or unsafe, is reported. */
export function clusterSettings(deployment: Deployment, fields: ClusteringFields): ClusterSettings {
  const { source } = deployment;
  const members = [
    ...(fields.members ?? []),
    ...(fields.member ?? []).map(({ hostname, port }) => addressOf(hostname, port)),
  ];
  const missing = (key: string, expected: string): void => {
    if (valueAt(source.value, [...path, key]) !== undefined) return;
    const message = `${key} is missing; expected ${expected}.`;
    source.error({ code: 'missing-value', path, message });
  };
  missing('local_member_host', 'the name or address by which the other members reach this gateway');
  if (valueAt(source.value, [...path, 'member']) === undefined) {
    missing('members', 'the members to join, such as ["10.0.0.1:4000", "10.0.0.2:4000"]');
  }
  const host = fields.local_member_host ?? '';
  const port = fields.local_member_port ?? 4000;
  const everywhere = [host, ...members.map((member) => member.slice(0, member.lastIndexOf(':')))];
  if (fields.local_member_host !== undefined && !everywhere.every(isLoopback)) {
    missing('secret', 'a secret that all members share, since some run on other hosts');
  }
  return {
    kind: 'cluster',
    host,
    port,
    domain: fields.domain ?? 'wso2.carbon.domain',
    members,
    secret: fields.secret ?? '',
    onLostMajority: fields.on_lost_majority ?? 'share',
    ...memberTls(deployment, fields),
  };
}

/** Both sides of a connection show a certificate of the same authority: it takes all three files. */
function memberTls(deployment: Deployment, fields: ClusteringFields): Pick<ClusterSettings, 'tls'> {
  const isSet = (key: string): boolean => valueAt(deployment.source.value, [...path, key]) !== undefined;
  const { ca, certificate, key } = readTlsFiles(deployment, path, fields);
  if (ca !== undefined && certificate !== undefined && key !== undefined)
    return { tls: { ca, certificate, key } };
  const [present, missing] = isSet('ca_file') ? ['ca_file', 'cert_file'] : ['cert_file', 'ca_file'];
  if (isSet(present) && !isSet(missing)) {
    const message = `${present} needs a ${missing}: members trust each other's certificates by the authority that made them.`;
    deployment.source.error({ code: 'missing-value', path: [...path, present], part: 'key', message });
  }
  return {};
}

/** `host:port`, with brackets around an IPv6 address. */
export function addressOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

const port = wholeNumber(1, 65_535);

const memberText = text({
  expected: 'a member as "host:port"',
  charactersMax: 300,
  pattern: /^(?:[A-Za-z0-9_][A-Za-z0-9._-]*|\[[0-9A-Fa-f:]+\]):(?:[1-9]\d{0,4})$/,
});

const clusteringSchema = mapping({
  enable: flag().optional(),
  membership_scheme: oneOf(['wka']).optional(),
  domain: text({ expected: 'the name of a domain, 1 to 100 characters', charactersMax: 100 }).optional(),
  local_member_host: hostName().optional(),
  local_member_port: port.optional(),
  members: listOf(memberText, 'members such as "10.0.0.1:4000"').optional(),
  member: z
    .array(mapping({ hostname: hostName(), port }), {
      error: 'tables [[clustering.member]] with hostname and port',
    })
    .optional(),
  secret: text({
    expected: 'a secret of 16 to 1000 characters',
    charactersMax: 1000,
    pattern: /^.{16,}$/,
  }).optional(),
  on_lost_majority: oneOf(['share', 'whole']).optional(),
  ca_file: pemFile().optional(),
  cert_file: pemFile().optional(),
  key_file: pemFile().optional(),
});
