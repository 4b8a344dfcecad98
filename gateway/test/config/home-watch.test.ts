import {
  appendFileSync,
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';
import { systemClock } from '../../src/system-clock.ts';
import { readHomeConfig } from '../../src/cli/home-config.ts';
import { fingerprintOf } from '../../src/cli/watch/fingerprint.ts';
import { HomeWatch } from '../../src/cli/watch/home-watch.ts';

const never = 3_600_000;

/** A home that is watched; what was read at each change. */
class Scene {
  readonly home = new TestHome({
    'deployment.toml': '[sluice.admin]\nport = 0\n',
    'policies/Gold.yaml': 'one',
    'apis/Orders/api.yaml': 'x',
  });
  /** The home may lie below, so that it can be swapped. */
  path: string = this.home.path;
  readonly seen: string[] = [];
  readonly said: string[] = [];
  namedPaths: readonly string[] = [];
  #watch: HomeWatch | undefined;

  async begin(pollMs = never): Promise<void> {
    const { digest } = await readHomeConfig(this.path);
    this.seen.push(digest);
    this.#watch = new HomeWatch(await fingerprintOf(this.path), {
      homePath: this.path,
      clock: { ...systemClock, after: keepAlive },
      pollMs,
      namedPaths: () => this.namedPaths,
      changed: async (stillRest) => {
        const { digest } = await readHomeConfig(this.path);
        if (digest !== this.seen.at(-1) && (await stillRest())) this.seen.push(digest);
      },
      report: (line) => this.said.push(line),
    });
    // Until all folders are watched.
    await sleep(500);
  }

  /** Does something to the files, and waits until it was noticed; gives how often something was read that differs. */
  async after(act: () => unknown): Promise<number> {
    const before = this.seen.length;
    await act();
    const { digest } = await readHomeConfig(this.path);
    await until(() => this.seen.at(-1) === digest);
    return this.seen.length - before;
  }

  /** Does something that means nothing; gives how often something was read that differs. */
  async quiet(act: () => unknown): Promise<number> {
    const before = this.seen.length;
    await act();
    await sleep(700);
    return this.seen.length - before;
  }

  at(path: string): string {
    return join(this.path, path);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), text);
  }

  end(): void {
    this.#watch?.close();
    this.home.remove();
  }
}

function keepAlive(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}

describe('a home that is watched', () => {
  let scene: Scene;
  beforeEach(() => {
    scene = new Scene();
  });
  afterEach(() => scene.end());

  test('files that are written, added, renamed over and removed are noticed, each once', async () => {
    await scene.begin();
    expect(await scene.after(() => scene.write('policies/Gold.yaml', 'two'))).toBe(1);
    expect(await scene.after(() => scene.write('policies/Silver.yaml', 'one'))).toBe(1);
    const renamed = await scene.after(() => {
      scene.write('policies/.Gold.yaml.tmp', 'three');
      renameSync(scene.at('policies/.Gold.yaml.tmp'), scene.at('policies/Gold.yaml'));
    });
    expect(renamed).toBe(1);
    expect(await scene.after(() => unlinkSync(scene.at('policies/Silver.yaml')))).toBe(1);
    expect(await scene.after(() => scene.write('deployment.toml', '[sluice.admin]\nport = 1\n'))).toBe(1);
  });

  test('folders that come, go, are replaced as a whole and made again are noticed, and what is in them', async () => {
    await scene.begin();
    await scene.after(() => scene.write('apis/Payments/api.yaml', 'one'));
    await scene.after(() => scene.write('apis/Payments/api.yaml', 'two'));
    await scene.after(() => scene.write('applications/App.yaml', 'one'));
    await scene.after(() => {
      cpSync(scene.at('policies'), scene.at('new'), { recursive: true });
      writeFileSync(scene.at('new/Gold.yaml'), 'replaced');
      renameSync(scene.at('policies'), scene.at('old'));
      renameSync(scene.at('new'), scene.at('policies'));
    });
    await scene.after(() => scene.write('policies/Gold.yaml', 'after it'));
    await scene.after(() => rmSync(scene.at('policies'), { recursive: true }));
    await scene.after(() => scene.write('policies/Gold.yaml', 'made again'));
    await scene.after(() => scene.write('policies/Gold.yaml', 'and again'));
    expect(scene.seen.length).toBeGreaterThanOrEqual(9);
  });

  test('a home that goes and comes back is noticed', async () => {
    scene.path = join(scene.home.path, 'inner');
    for (const path of ['deployment.toml', 'policies/Gold.yaml', 'apis/Orders.yaml']) scene.write(path, '');
    await scene.begin();
    const aside = join(scene.home.path, 'aside');
    await scene.after(() => renameSync(scene.path, aside));
    await scene.after(() => renameSync(aside, scene.path));
    await scene.after(() => scene.write('policies/Gold.yaml', 'again'));
    expect(scene.seen.length).toBeGreaterThanOrEqual(4);
  });

  test('volumes of Kubernetes, which swap a link to a folder, are noticed, one swap once', async () => {
    const mount = (version: string, text: string): void => {
      scene.write(`policies/..${version}/Gold.yaml`, text);
      symlinkSync(`..${version}`, scene.at('policies/..data_tmp'));
      renameSync(scene.at('policies/..data_tmp'), scene.at('policies/..data'));
    };
    unlinkSync(scene.at('policies/Gold.yaml'));
    mount('2026_01', 'one');
    symlinkSync('..data/Gold.yaml', scene.at('policies/Gold.yaml'));
    await scene.begin();
    const swapped = await scene.after(() => {
      mount('2026_02', 'two');
      rmSync(scene.at('policies/..2026_01'), { recursive: true });
    });
    expect(swapped).toBe(1);
  });

  test('what editors leave beside files means nothing, nor does a file that is only touched', async () => {
    await scene.begin();
    const times = await scene.quiet(() => {
      scene.write('policies/.Gold.yaml.swp', 'x');
      scene.write('policies/Gold.yaml~', 'x');
      scene.write('policies/4913', 'x');
      unlinkSync(scene.at('policies/4913'));
      utimesSync(scene.at('policies/Gold.yaml'), new Date(), new Date());
    });
    expect(times).toBe(0);
  });

  test('a file is read when it is written, not while it is', async () => {
    await scene.begin();
    const times = await scene.after(async () => {
      const file = openSync(scene.at('policies/Gold.yaml'), 'w');
      for (let line = 0; line < 20; line += 1) {
        writeSync(file, `line ${line}\n`);
        await sleep(40);
      }
      closeSync(file);
    });
    expect(times).toBe(1);
  });

  test('files that the home names elsewhere are watched, too', async () => {
    scene.namedPaths = ['tls/ca.pem'];
    scene.write('tls/ca.pem', 'one');
    const looks = await fingerprintOf(scene.path, scene.namedPaths);
    appendFileSync(scene.at('tls/ca.pem'), 'two');
    expect((await fingerprintOf(scene.path, scene.namedPaths)).print).not.toBe(looks.print);
    expect(looks.folders.has(scene.at('tls'))).toBe(true);
  });

  test('what the system does not tell of is found by looking', async () => {
    writeFileSync(join(scene.home.path, 'elsewhere'), 'one');
    unlinkSync(scene.at('policies/Gold.yaml'));
    mkdirSync(join(scene.home.path, 'far'));
    writeFileSync(join(scene.home.path, 'far/Gold.yaml'), 'one');
    symlinkSync(join(scene.home.path, 'far/Gold.yaml'), scene.at('policies/Gold.yaml'));
    await scene.begin(100);
    expect(await scene.after(() => writeFileSync(join(scene.home.path, 'far/Gold.yaml'), 'two'))).toBe(1);
  });
});
