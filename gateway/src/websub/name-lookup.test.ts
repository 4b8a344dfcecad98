import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { NameLookup } from './name-lookup.ts';

const found = [{ address: '192.0.2.1', family: 4 }];

describe('names of callbacks', () => {
  let clock: FakeClock;
  let asked: string[];
  let names: NameLookup;

  beforeEach(() => {
    clock = new FakeClock();
    asked = [];
    names = new NameLookup(clock, async (name) => {
      asked.push(name);
      if (name.startsWith('slow')) return new Promise(() => {});
      if (name === 'unknown') throw new Error('not found');
      return found;
    });
  });

  test('are looked up once in ten seconds, whatever was found, for all', async () => {
    for (const application of ['a', 'a', 'b']) {
      expect(await names.find('known', application)).toEqual(found);
      await expect(names.find('unknown', application)).rejects.toThrow('not found');
    }
    await clock.advance(9999);
    await names.find('known', 'a');
    expect(asked).toEqual(['known', 'unknown']);
    await clock.advance(1);
    await names.find('known', 'a');
    await expect(names.find('unknown', 'a')).rejects.toThrow('not found');
    expect(asked).toEqual(['known', 'unknown', 'known', 'unknown']);
  });

  test('of one application that are slow hold up none of others, also the same ones', async () => {
    for (let at = 0; at < 33; at += 1) void names.find(`slow${at}`, 'a');
    await expect(names.find('known', 'a')).rejects.toThrow('too many');
    expect(await names.find('known', 'b')).toEqual(found);
    expect(await names.find('known', 'a')).toEqual(found);
    expect(asked).toEqual(['slow0', 'known']);
  });

  test('that wait for their application’s turn make no other wait', async () => {
    void names.find('slow', 'a');
    const waiting = names.find('known', 'a');
    expect(await names.find('known', 'b')).toEqual(found);
    void waiting;
  });
});
