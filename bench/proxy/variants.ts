import { nativeVariants } from './native-variants.ts';
import { nodeVariants } from './node-variants.ts';
import { sluiceVariants } from './sluice-variants.ts';
import type { Variant } from './variant.ts';

/** All proxies, in the order of the tables. */
export const variants: readonly Variant[] = [...sluiceVariants, ...nodeVariants, ...nativeVariants];
