/** What a resource answers. */
export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** With status 405: the methods there are. */
  readonly allow?: string;
}

/** A page of plain text. */
export function text(status: number, body: string): Page {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}
