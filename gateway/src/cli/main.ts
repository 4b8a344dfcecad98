export async function main(args: readonly string[]): Promise<number> {
  return Promise.resolve(args.length);
}
