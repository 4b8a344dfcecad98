import type { Diagnostic } from '../../config/diagnostic.ts';

/** The statuses that the API answers with when it doesn't do what it was asked for. */
export type ErrorStatus = 400 | 401 | 403 | 404 | 405 | 406 | 409 | 413 | 415 | 429 | 500;

const messages: Readonly<Record<ErrorStatus, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
};

interface ErrorItem {
  readonly code: string;
  readonly message: string;
  readonly description: string;
}

/** Why a request is not done, for whoever sent it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: ErrorStatus;
  readonly fields: Readonly<Record<string, string>>;
  readonly #findings: readonly Diagnostic[];

  constructor(
    status: ErrorStatus,
    description: string,
    more: {
      readonly findings?: readonly Diagnostic[];
      /** Of the answer's head. */
      readonly fields?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(description);
    this.status = status;
    this.fields = more.fields ?? {};
    this.#findings = more.findings ?? [];
  }

  /** WSO2's error object; what the configuration is refused for stands in `error`. */
  body(): string {
    return JSON.stringify({
      code: this.status,
      message: messages[this.status],
      description: this.message,
      moreInfo: '',
      error: this.#findings.filter(({ severity }) => severity === 'error').map(itemOf),
    });
  }
}

function itemOf({ code, message, hint, at }: Diagnostic): ErrorItem {
  const place = `${at.file}:${at.line}:${at.column}`;
  return { code, message, description: hint === undefined ? place : `${place}: ${hint}` };
}
