import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { shipped } from '../core.ts';
import { runSeeds } from './campaign.ts';
import { loadMemberCore } from './run.ts';
import type { Kind } from './scenario.ts';

/** A mistake that somebody could make, as an edit of the shipped source: `find` stands there exactly once. */
interface MemberBug {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly plant: string;
  readonly kind: Kind;
}

const store = 'stores/members/members-store.ts';
const owner = 'stores/members/owner.ts';
const seedsMax = 300;

const bugs: readonly MemberBug[] = [
  {
    name: 'an owner learns from nobody',
    file: store,
    find: 'hasLearned: () => this.#handover.hasLearnedFrom(this.#others),',
    plant: 'hasLearned: () => this.#others.length >= 0,',
    kind: 'leave',
  },
  {
    name: 'an owner grants itself what its backup never hears of',
    file: owner,
    find: '(from === self || outlives)',
    plant: 'outlives',
    kind: 'kill',
  },
  {
    name: 'a sliding window is granted from before its backup hears of it',
    file: owner,
    find: '(from === self || outlives)',
    plant: 'from === self',
    kind: 'heir',
  },
  {
    name: 'copies never reach the new owner',
    file: 'stores/members/handover.ts',
    find: "for (const copies of chunks(shelf.all.filter(isTheirs))) send(member, { kind: 'copies', copies });",
    plant: '',
    kind: 'leave',
  },
  {
    name: 'no majority is needed',
    file: 'stores/members/membership.ts',
    find: 'inTouch.includes(self.id) && this.#known.isMajority(addresses)',
    plant: 'inTouch.includes(self.id) && addresses.length > 0',
    kind: 'cut',
  },
  {
    name: 'an old message sets the clock back',
    file: 'stores/members/cluster-clock.ts',
    find: '-behindMs - by.ageMsMax',
    plant: '-behindMs',
    kind: 'freeze',
  },
  {
    name: 'of two copies the older word wins',
    file: 'stores/merged.ts',
    find: 'account.seq > known.seq;',
    plant: 'account.seq < known.seq;',
    kind: 'join',
  },
  {
    name: 'nothing is restated to a new owner',
    file: 'stores/members/handover.ts',
    find: "for (const claims of chunks(stated.claims.filter(isTheirs))) send(member, { kind: 'restate', claims });",
    plant: '',
    kind: 'spent',
  },
  {
    name: 'a new owner forgets what it holds itself',
    file: store,
    find: 'if (this.#owners.of(claim.key).owner === this.#self) this.#shelf.restate(claim);',
    plant: '',
    kind: 'spent',
  },
  {
    name: 'epochs are ignored',
    file: store,
    find: 'message.yours !== this.#membership.epoch || message.mine !== this.#membership.epochOf(from)',
    plant: 'message.yours < 0',
    kind: 'stray',
  },
  {
    name: 'a window that is begun inside another replaces it',
    file: 'stores/merged.ts',
    find: 'const isInside = newer.window < older.window + lengthMs(limit);',
    plant: 'const isInside = newer.window < older.window;',
    kind: 'freeze',
  },
];

/** Each is planted in a copy of the source and must be caught. Prints how; gives whether all were. */
export async function huntMemberBugs(firstSeed: number): Promise<boolean> {
  let caught = 0;
  const step = availableParallelism();
  const workers = Array.from({ length: step }, async (_, first) => {
    const part: Part = { firstSeed, first, step };
    const worker = new Worker(new URL('planted-worker.ts', import.meta.url), { workerData: part });
    worker.on('message', ({ name, caughtBy }: Catch) => {
      if (caughtBy !== undefined) caught += 1;
      process.stdout.write(`${name}: ${caughtBy ?? 'MISSED'}\n`);
    });
    await new Promise<void>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', () => resolve());
    });
  });
  await Promise.all(workers);
  process.stdout.write(`${caught} of ${bugs.length} caught, from seed ${firstSeed}\n`);
  return caught === bugs.length;
}

/** Every so many of the list, from one on: for one worker. */
export interface Part {
  readonly firstSeed: number;
  readonly first: number;
  readonly step: number;
}

interface Catch {
  readonly name: string;
  /** The seed, and what it broke; none when all passed. */
  readonly caughtBy: string | undefined;
}

export async function huntPart(
  { firstSeed, first, step }: Part,
  tell: (found: Catch) => void,
): Promise<void> {
  for (let at = first; at < bugs.length; at += step) {
    const bug = bugs[at]!;
    tell({ name: bug.name, caughtBy: await hunt(bug, firstSeed) });
  }
}

async function hunt(bug: MemberBug, firstSeed: number): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-planted-'));
  try {
    for (const floor of ['limits', 'policy', 'config', 'limiter', 'stores']) {
      cpSync(fileURLToPath(new URL(floor, shipped)), join(folder, floor), { recursive: true });
    }
    symlinkSync(fileURLToPath(new URL('../../node_modules', shipped)), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const path = join(folder, bug.file);
    const parts = readFileSync(path, 'utf8').split(bug.find);
    if (parts.length !== 2)
      throw new Error(`«${bug.name}»: its place stands ${parts.length - 1} times in ${bug.file}`);
    writeFileSync(path, parts.join(bug.plant));
    const core = await loadMemberCore(pathToFileURL(`${folder}/`));
    const how = { kind: bug.kind, firstSeed, seeds: seedsMax, onFailure: 'deny' } as const;
    const { broken } = await runSeeds(how, core, (tally) => tally.broken.length > 0);
    return broken[0];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
