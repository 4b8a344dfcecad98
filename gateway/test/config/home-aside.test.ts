import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readHomeAside } from '../../src/cli/home-aside.ts';
import { readHomeConfig } from '../../src/cli/home-config.ts';
import { apiProject, application, TestHome } from '../support/test-home.ts';

describe('a large home that is read while requests are served', () => {
  const apis = 30;
  let home: TestHome;
  beforeEach(() => {
    const files = Array.from({ length: apis }, (_, index): [string, string][] => [
      [`apis/Api${index}.yaml`, apiProject({ name: `Api${index}`, production: 9000, policies: ['Gold'] })],
      [`applications/App${index}.yaml`, application(`App${index}`, { [`Api${index}`]: 'Gold' })],
    ]);
    home = new TestHome({ 'deployment.toml': '', ...Object.fromEntries(files.flat()) });
  });
  afterEach(() => home.remove());

  test('is read as ever, in a thread of its own; a small one is not worth that', async () => {
    let threads = 0;
    const count = (): void => {
      threads += 1;
    };
    process.on('worker', count);
    const known = await readHomeConfig(home.path);
    expect(await readHomeAside(home.path, known)).toEqual(known);
    expect([threads, known.config?.apis.length]).toEqual([1, apis]);
    expect(await readHomeAside(home.path, { ...known, files: 50 })).toEqual(known);
    process.off('worker', count);
    expect(threads).toBe(1);
  });

  test('what is wrong with it is found as ever', async () => {
    const known = await readHomeConfig(home.path);
    home.write('apis/Api7.yaml', 'type: [');
    const read = await readHomeAside(home.path, known);
    expect(read.config).toBeUndefined();
    expect(read).toEqual(await readHomeConfig(home.path));
  });
});
