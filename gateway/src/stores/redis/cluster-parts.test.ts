import { describe, expect, test } from 'vitest';
import { ClusterParts } from './cluster-parts.ts';

describe('the parts of a cluster', () => {
  const partsOf = (
    ...views: readonly (readonly (string | undefined)[])[]
  ): readonly (string | undefined)[] => {
    const parts = new ClusterParts();
    let before: readonly (string | undefined)[] = [];
    for (const after of views) {
      parts.changed({ before, after });
      before = after;
    }
    return before.map((primary) => parts.of(primary));
  };

  test('each primary is one', () => {
    expect(partsOf(['a', 'a', 'b', undefined])).toEqual(['a', 'a', 'b', undefined]);
  });

  test('who takes over from a primary takes its name, however often', () => {
    expect(partsOf(['a', 'b'], ['c', 'b'])).toEqual(['a', 'b']);
    expect(partsOf(['a', 'b'], ['c', 'b'], ['d', 'b'], ['a', 'b'])).toEqual(['a', 'b']);
  });

  test('slots that go to another primary go to its part', () => {
    expect(partsOf(['a', 'a', 'b'], ['a', 'b', 'b'])).toEqual(['a', 'b', 'b']);
    expect(partsOf(['a', 'a', 'b'], ['a', 'c', 'b'])).toEqual(['a', 'c', 'b']);
  });

  test('a primary that took over before the others said so has its name already, and keeps it', () => {
    const parts = new ClusterParts();
    parts.changed({ before: [], after: ['a', 'a', 'b'] });
    parts.moved({ from: 'a', to: 'c' });
    expect(parts.of('c')).toBe('a');
    parts.changed({ before: ['c', 'a', 'b'], after: ['c', 'c', 'b'] });
    expect([parts.of('c'), parts.of('b')]).toEqual(['a', 'b']);
  });

  test('a new node that is sent slots of a primary which stays becomes a part of its own', () => {
    const parts = new ClusterParts();
    parts.changed({ before: [], after: ['a', 'a', 'b'] });
    parts.moved({ from: 'a', to: 'c' });
    parts.changed({ before: ['a', 'c', 'b'], after: ['a', 'c', 'b'] });
    const names = ['a', 'b', 'c'].map((primary) => parts.of(primary));
    expect(new Set(names).size).toBe(3);
  });
});
