import { describe, expect, test } from 'vitest';
import { environment } from '../../test/config/homes.ts';
import { readDeploymentToml } from './deployment-toml.ts';
import type { Diagnostic } from './diagnostic.ts';

function read(text: string): { store: unknown; found: readonly string[] } {
  const found: Diagnostic[] = [];
  const home = [{ path: 'deployment.toml', text: `[clustering]\nenable = true\n${text}` }];
  const settings = readDeploymentToml(home, environment, (diagnostic) => found.push(diagnostic));
  return { store: settings?.store, found: found.map(({ at, message }) => `${at.line}: ${message}`) };
}

describe('[clustering]', () => {
  test('has WSO2’s defaults', () => {
    const { store, found } = read('local_member_host = "localhost"\nmembers = []');
    expect(found).toEqual([]);
    expect(store).toEqual({
      kind: 'cluster',
      host: 'localhost',
      port: 4000,
      domain: 'wso2.carbon.domain',
      members: [],
      secret: '',
      onLostMajority: 'share',
    });
  });

  test('reads every key, members in both forms', () => {
    const { store, found } = read(`membership_scheme = "wka"
domain = "prod"
local_member_host = "gw1.example.org"
local_member_port = "4100"
members = ["gw2.example.org:4000", "[fd00::1]:4001"]
secret = "$env{REDIS_PASSWORD}-and-more-than-enough"
on_lost_majority = "whole"
[[clustering.member]]
hostname = "10.0.0.7"
port = 4002
`);
    expect(found).toEqual([]);
    expect(store).toMatchObject({
      host: 'gw1.example.org',
      port: 4100,
      domain: 'prod',
      members: ['gw2.example.org:4000', '[fd00::1]:4001', '10.0.0.7:4002'],
      onLostMajority: 'whole',
    });
  });

  test.each([
    ['', ['1: local_member_host is missing', '1: members is missing']],
    ['local_member_host = "10.0.0.1"\nmembers = []', ['1: secret is missing']],
    ['local_member_host = "localhost"\nmembers = ["10.0.0.1:4000"]', ['1: secret is missing']],
    ['local_member_host = "localhost"\nmembers = ["x"]', ['4: members[0]: found a string "x"']],
    ['local_member_host = "localhost"\nmembers = []\nsecret = "short"', ['5: secret: found a string']],
    [
      'local_member_host = "localhost"\nmembers = []\nmembership_scheme = "multicast"',
      ['5: membership_scheme: found a string "multicast"'],
    ],
    ['local_member_host = "localhost"\n[[clustering.member]]\nhostname = "a"', ['4: port is missing']],
    [
      'local_member_host = "localhost"\nmembers = []\nca_file = "ca.pem"',
      ['5: ca_file: the file "ca.pem" can\'t be read', '5: ca_file needs a cert_file'],
    ],
  ])('finds what is missing or wrong in %j', (text, expected) => {
    const { found } = read(text);
    expect(found.length).toBe(expected.length);
    for (const [index, start] of expected.entries()) expect(found[index]).toContain(start);
    expect(found.join()).not.toContain('short');
  });
});
