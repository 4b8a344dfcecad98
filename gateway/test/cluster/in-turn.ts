/** Asks gateways in turn, so that what one admits counts at the next. */
export class InTurn {
  readonly #urls: () => readonly string[];
  #turn = 0;

  constructor(urls: () => readonly string[]) {
    this.#urls = urls;
  }

  readonly ask = (
    path: string,
    headers: Readonly<Record<string, string>> = {},
    init: RequestInit = {},
  ): Promise<Response> => {
    this.#turn += 1;
    const urls = this.#urls();
    return fetch(`${urls[this.#turn % urls.length]}${path}`, { ...init, headers });
  };

  /** The limits that an admitted request was told; null for none. */
  readonly policyOf = async (
    path: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<string | null> => {
    const response = await this.ask(path, headers);
    await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`${path} was answered with ${response.status}`);
    return response.headers.get('ratelimit-policy');
  };

  /** So many answers to an application, each as its status and, of a refusal, its code. */
  readonly answers = async (
    count: number,
    path: string,
    name: string,
    init?: RequestInit,
  ): Promise<string[]> => {
    const all: string[] = [];
    for (let asked = 0; asked < count; asked += 1) {
      const response = await this.ask(path, { ApiKey: `${name}-production` }, init);
      const text = await response.text();
      all.push(response.ok ? '200' : `${response.status} ${(JSON.parse(text) as { code: string }).code}`);
    }
    return all;
  };

  /** So many at a time for each path, evenly over the gateways; the statuses and codes of the answers, counted. */
  readonly atOnce = async (
    count: number,
    paths: readonly string[],
    name: string,
  ): Promise<Readonly<Record<string, number>>> => {
    const all = await Promise.all(
      paths.flatMap((path) => Array.from({ length: count }, () => this.answers(1, path, name))),
    );
    const counts: Record<string, number> = {};
    for (const answer of all.flat()) counts[answer] = (counts[answer] ?? 0) + 1;
    return counts;
  };
}
