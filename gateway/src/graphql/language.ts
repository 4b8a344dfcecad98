/*
 * graphql/ promises: a GraphQL request is understood, as far as limits need it, or refused; what it costs to understand is
 * bounded before it begins. It knows an API's schema and its operator's complexity values, but neither HTTP nor who asks.
 */
import { createRequire } from 'node:module';
import type * as Language from 'graphql/language';

const load: (name: string) => unknown = createRequire(import.meta.url);

/** GraphQL's parser, loaded with the first API that needs it. */
export function language(): typeof Language {
  return load('graphql/language') as typeof Language;
}
