import { type Files, goodFiles, goodFilesWith } from '../homes.ts';

/** A home that must not start: its files, where the error is, and a piece of what is said about it. */
export interface BrokenHome {
  readonly name: string;
  readonly files: Files;
  readonly at: string;
  readonly says: string;
  /** How many errors there are in all, if more than this one. */
  readonly errors?: number;
}

export const paths = {
  toml: 'repository/conf/deployment.toml',
  api: 'apis/Orders/api.yaml',
  tier: 'policies/Subscription-PartnerGold.yaml',
  policy: 'policies/Advanced-OrdersPolicy.yaml',
  application: 'applications/MobileApp.yaml',
} as const;

/** The good home without one of its files. */
export function without(path: string): Files {
  return Object.fromEntries(Object.entries(goodFiles).filter(([other]) => other !== path));
}

/** The good home with a piece of a file replaced. */
export function change(path: string, piece: string, by: string): { files: Files } {
  return { files: goodFilesWith(path, piece, by) };
}

/** The good home with one more file, or with another text for one. */
export function add(path: string, text: string): { files: Files } {
  return { files: { ...goodFiles, [path]: text } };
}
