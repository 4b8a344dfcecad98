import { expect, test } from 'vitest';
import { environment, goodFiles, homeOf, lines } from '../../test/config/homes.ts';
import { readConfig } from './read-config.ts';

test('parts of a project that do nothing here are one note, and those that would do something a warning each', () => {
  const parts = [
    'Docs/',
    'Endpoint-certificates/',
    'Image/',
    'Policies/',
    'deployment_environments.yaml',
    'x.jar',
  ];
  const files = parts.map((part) => [`apis/Orders/${part}`, ''] as const);
  const home = homeOf({ ...goodFiles, ...Object.fromEntries(files) });
  const { config, diagnostics } = readConfig(home, environment);
  expect(config?.apis).toHaveLength(1);
  expect(lines(diagnostics)).toEqual([
    'apis/Orders/:1:1 note[no-effect] Without effect here: Docs, Image, deployment_environments.yaml.',
    expect.stringMatching(
      /^apis\/Orders\/Endpoint-certificates\/:1:1 warning\[not-supported\] .*name it in \[sluice/,
    ),
    expect.stringMatching(/^apis\/Orders\/Policies\/:1:1 warning\[not-supported\] .*mediation/),
    expect.stringMatching(/^apis\/Orders\/x.jar:1:1 warning\[ignored-file\]/),
  ]);
});

test('a project in an archive is read as one in a folder, and findings name the archive', () => {
  const { 'apis/Orders/api.yaml': api = '', ...others } = goodFiles;
  const home = homeOf({
    ...others,
    'apis/Orders.zip/Orders-1.0.0/api.yaml': api.replace('PUBLISHED', 'PUBLISHD'),
    'apis/Orders.zip/Orders-1.0.0/Docs/': '',
  });
  expect(lines(readConfig(home, environment).diagnostics)).toEqual([
    'apis/Orders.zip/Orders-1.0.0/:1:1 note[no-effect] Without effect here: Docs.',
    expect.stringContaining(
      'apis/Orders.zip/Orders-1.0.0/api.yaml:7:20 error[invalid-value] lifeCycleStatus',
    ),
  ]);
});
