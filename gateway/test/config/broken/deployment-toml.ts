import { add, change, type BrokenHome, paths } from './broken-home.ts';

const { toml } = paths;

export const brokenDeployments: readonly BrokenHome[] = [
  {
    name: 'a port above 65535',
    ...change(toml, '6379', '70000'),
    at: `${toml}:3:8 error[invalid-value]`,
    says: 'found 70000, expected a whole number from 1 to 65535',
  },
  {
    name: 'words for a port',
    ...change(toml, '8280', '"abc"'),
    at: `${toml}:16:13 error[invalid-value]`,
    says: 'found a string "abc", expected a whole number from 0 to 65535',
  },
  {
    name: 'a string without its end',
    ...change(toml, '"127.0.0.1"', '"127.0.0.1'),
    at: `${toml}:2:18 error[syntax]`,
    says: 'control characters',
  },
  {
    name: 'a table twice',
    ...change(toml, '[server]', '[server]\n[server]'),
    at: `${toml}:13:2 error[syntax]`,
    says: 'already defined',
  },
  {
    name: 'a key twice',
    ...change(toml, 'port = 6379', 'port = 6379\nport = 6380'),
    at: `${toml}:4:1 error[syntax]`,
    says: 'already defined',
  },
  {
    name: 'a table in the place of a value',
    ...change(toml, 'offset = 0', 'offset = {a = 1}'),
    at: `${toml}:13:10 error[invalid-value]`,
    says: 'found a mapping',
  },
  {
    name: 'a value in the place of a table',
    ...add(toml, 'sluice = 1\n'),
    at: `${toml}:1:10 error[invalid-value]`,
    says: 'sluice: found 1, expected a table',
  },
  {
    name: 'a mistyped table of ours',
    ...change(toml, '[sluice.listener]', '[sluice.listner]'),
    at: `${toml}:15:2 error[unknown-key]`,
    says: '"listner"',
  },
  {
    name: 'more threads than any machine needs',
    ...change(toml, 'http_port = 8280', 'threads = 65'),
    at: `${toml}:16:11 error[invalid-value]`,
    says: 'threads: found 65, expected a whole number from 1 to 64, or "auto"',
  },
  {
    name: 'a listener for HTTPS without a certificate',
    ...change(toml, 'http_port = 8280', 'https_port = 8443'),
    at: `${toml}:16:1 error[conflict]`,
    says: 'needs a certificate in [sluice.listener.tls]',
  },
  {
    name: 'a certificate of the listener that is not there',
    ...change(
      toml,
      '[sluice.store]',
      '[sluice.listener.tls]\ncertificate = "a.pem"\nkey = "b.pem"\n\n[sluice.store]',
    ),
    at: `${toml}:20:15 error[unreadable-file]`,
    errors: 2,
    says: 'certificate: the file "a.pem" can\'t be read: ENOENT',
  },
  {
    name: 'backends without an end to waiting',
    ...change(toml, '[sluice.store]', '[sluice.backends]\nhead_ms_max = 0\n\n[sluice.store]'),
    at: `${toml}:20:15 error[invalid-value]`,
    says: 'head_ms_max: found 0, expected a whole number from 1 to 3600000 ms',
  },
  {
    name: 'a mistyped key about TLS to backends',
    ...change(toml, '[sluice.store]', '[sluice.backends.tls]\nverfy = false\n\n[sluice.store]'),
    at: `${toml}:20:1 error[unknown-key]`,
    says: '"verfy"',
  },
  {
    name: 'a lease that looks too far ahead',
    ...change(toml, '[server]', '[sluice.leases]\nhorizon = 10001\n\n[server]'),
    at: `${toml}:13:11 error[invalid-value]`,
    says: 'horizon: found 10001, expected a whole number from 10 to 10000 ms',
  },
  {
    name: 'a lease that never believes an answer',
    ...change(toml, '[server]', '[sluice.leases]\nrecheck = 9\n\n[server]'),
    at: `${toml}:13:11 error[invalid-value]`,
    says: 'recheck: found 9, expected a whole number from 10 to 10000 ms',
  },
  {
    name: 'a mistyped key of leases',
    ...change(toml, '[server]', '[sluice.leases]\nrechek = 100\n\n[server]'),
    at: `${toml}:13:1 error[unknown-key]`,
    says: '"rechek"',
  },
  {
    name: 'a mistyped key of ours',
    ...change(toml, 'http_port', 'http_prot'),
    at: `${toml}:16:1 error[unknown-key]`,
    says: '"http_prot"',
  },
  {
    name: 'a level that does not exist',
    ...change(toml, 'backend = "deny"', 'backends = "deny"'),
    at: `${toml}:23:1 error[unknown-key]`,
    says: '"backends"',
  },
  {
    name: 'an unknown way to fail',
    ...change(toml, 'on_failure = "local"', 'on_failure = "open"'),
    at: `${toml}:20:14 error[invalid-value]`,
    says: 'expected one of "local", "deny", "allow"',
  },
  {
    name: 'a wait without a bound',
    ...change(toml, 'port = 6379', 'connection_timeout = 0'),
    at: `${toml}:3:22 error[invalid-value]`,
    says: 'every wait has a bound',
  },
  {
    name: 'a host with a port',
    ...change(toml, '"127.0.0.1"', '"127.0.0.1:6379"'),
    at: `${toml}:2:8 error[invalid-value]`,
    says: 'without a port',
  },
  {
    name: 'a bad range of proxies',
    ...change(toml, '10.0.0.0/8', '10.0.0.0/33'),
    at: `${toml}:17:20 error[invalid-value]`,
    says: 'trusted_proxies[0]',
  },
  {
    name: 'one port for two listeners',
    ...change(toml, '8280', '9090'),
    at: `${toml}:15:2 error[conflict]`,
    says: 'both have port 9090',
  },
  {
    name: 'an environment variable that is not set',
    ...change(toml, 'REDIS_PASSWORD', 'REDIS_PASWORD'),
    at: `${toml}:5:12 error[invalid-placeholder]`,
    says: '"REDIS_PASWORD" is not set',
  },
  {
    name: 'a reference to nothing',
    ...change(toml, '"gw1"', '"$ref{servr.offset}"'),
    at: `${toml}:6:14 error[invalid-placeholder]`,
    says: '"servr.offset"',
  },
  {
    name: 'references in a circle',
    ...add(toml, '[server]\noffset = "$ref{x.a}"\n[x]\na = "$ref{x.b}"\nb = "$ref{x.a}"\n'),
    at: `${toml}:2:10 error[invalid-placeholder]`,
    says: 'in a circle',
  },
  {
    name: 'an encrypted secret',
    ...change(
      toml,
      '$env{REDIS_PASSWORD}"',
      '$secret{pw}"\n[secrets]\npw = "kuv2MubUUveMyv6GeHrXr9il59ajJIqUI4eoYHcgGKf"\n[apim.more]',
    ),
    at: `${toml}:5:12 error[invalid-placeholder]`,
    says: "can't be read here",
  },
  {
    name: 'a placeholder without its end',
    ...change(toml, '$env{REDIS_PASSWORD}', '$env{REDIS_PASSWORD'),
    at: `${toml}:5:12 error[invalid-placeholder]`,
    says: 'closing brace',
  },
];
