import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { environment } from '../../../test/config/homes.ts';
import { checkHome } from './check.ts';

const example = fileURLToPath(new URL('../../../../examples/orders-cluster', import.meta.url));

async function check(homePath: string, json = false): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const stdout = { write: (text: string) => (out += text) };
  const stderr = { write: (text: string) => (err += text) };
  const code = await checkHome({ homePath, json, stdout, stderr, environment });
  return { code, out, err };
}

test('the example has no problem', async () => {
  expect(await check(example)).toEqual({
    code: 0,
    out: 'repository/conf/deployment.toml and 8 more files: no problem found\n',
    err: '',
  });
});

test('with --json the findings are an array, empty when there are none', async () => {
  expect(await check(example, true)).toEqual({ code: 0, out: '[]\n', err: '' });
  const { code, out, err } = await check(`${example}/nowhere`, true);
  expect({ code, err }).toEqual({ code: 3, err: '' });
  expect(JSON.parse(out)).toEqual([
    {
      severity: 'error',
      code: 'missing-home',
      message: 'There is no such folder.',
      at: { file: `${example}/nowhere`, line: 1, column: 1, text: '' },
    },
  ]);
});
