import { text, type Page } from './page.ts';

/** `GET /healthz`: this process is alive and its event loop turns. */
export function health(): Page {
  return text(200, 'alive\n');
}
