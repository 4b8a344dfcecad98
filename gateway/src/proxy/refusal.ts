import type { Api } from '../policy/catalogue.ts';
import type { Level } from '../policy/levels.ts';

/** Why the gateway itself ends a request; docs/errors.md has a section for every code. */
export interface Cause {
  /** WSO2's code where WSO2 has one, the status in WSO2's general faults, or our own: 900899 and 908xxx. */
  readonly code: string;
  readonly status: number;
  /** Absent in what WSO2 calls a general fault, which has the same message for every cause. */
  readonly message?: string;
  readonly description: string;
}

/** One refused request: the cause, and what only this request knows. */
export interface Refusal {
  readonly cause: Cause;
  /** Until it makes sense to ask again. */
  readonly retryAfterMs?: number;
  /** Until the exceeded limit surely admits again; absent where that isn't known or isn't told. */
  readonly accessInMs?: number;
  /** What WWW-Authenticate says, for a 401 or 403; an API key is asked for by default, with a 401. */
  readonly challenge?: string;
  /** The methods the resource has. */
  readonly allow?: string;
  /** The API that was asked, where the request found it but no operation. */
  readonly api?: Api;
  /** The connection can't be used any further. */
  readonly closes?: boolean;
}

/** Tells a refusal from what a stage gives when it goes on. */
export function isRefusal(outcome: object): outcome is Refusal {
  return 'cause' in outcome;
}

/** Short names by which the code speaks of causes. */
export type CauseName =
  | 'malformed'
  | 'badTarget'
  | 'badHost'
  | 'repeatedApiKey'
  | 'longTarget'
  | 'largeHead'
  | 'slowRequest'
  | 'unknownExpectation'
  | 'unsupported'
  | 'backendBusy'
  | 'underscoreName'
  | 'webSocketOnly'
  | 'noApi'
  | 'wrongMethod'
  | 'unreachable'
  | 'silent'
  | 'broken'
  | 'invalidAnswer'
  | 'connectDeadline'
  | 'noActiveEndpoint'
  | 'blockedApi'
  | 'denied'
  | 'internal'
  | 'badCredentials'
  | 'wrongTokenType'
  | 'insufficientScope'
  | 'forbiddenCaller'
  | 'keysUnavailable'
  | 'verifierBusy'
  | 'noProductionEndpoint'
  | 'noSandboxEndpoint'
  | 'noApiKey'
  | 'noResource'
  | 'blockedSubscription'
  | 'noSubscription'
  | 'unapprovedSubscription'
  | 'undecided';

/** Every cause but exceeded limits and those of single types of APIs. Texts are WSO2's where it has the code. */
export const causes: Readonly<Record<CauseName, Cause>> = {
  malformed: fault('908001', 400, 'The request is not valid HTTP/1.1'),
  badTarget: fault('908002', 400, 'The request target is malformed or ambiguous'),
  badHost: fault('908003', 400, 'The Host header is missing, repeated, malformed or not that of the target'),
  repeatedApiKey: fault('908004', 400, 'The request carries more than one API key'),
  longTarget: fault('908005', 414, 'The request target is longer than 8 KiB'),
  largeHead: fault('908006', 431, 'The request head is larger than 16 KiB or has more than 100 fields'),
  slowRequest: fault('908007', 408, 'The request came too slowly'),
  unknownExpectation: fault('908008', 417, 'The only expectation understood is 100-continue'),
  unsupported: fault(
    '908009',
    501,
    'CONNECT, upgrades to anything but a WebSocket and transfer codings but chunked are not supported',
  ),
  backendBusy: fault('908010', 503, 'Too many requests wait for the back end'),
  underscoreName: fault('908011', 400, 'The name of a header field holds an underscore'),
  webSocketOnly: fault('908012', 426, 'This API is reached by opening a WebSocket'),
  keysUnavailable: fault('908013', 503, "The keys of the token's issuer can not be had at the moment"),
  verifierBusy: fault('908014', 503, 'Too many tokens are verified for the first time'),
  noApi: fault('404', 404, 'No matching resource found for given API Request'),
  wrongMethod: fault('405', 405, 'Method not allowed for given API resource'),
  unreachable: fault('101503', 503, 'Error connecting to the back end'),
  silent: fault('101504', 504, 'The back end did not answer in time'),
  broken: fault('101505', 502, 'The back end closed the connection before it answered'),
  invalidAnswer: fault('101506', 502, 'The answer of the back end is not valid HTTP/1.1'),
  connectDeadline: fault('101508', 504, 'Connecting to the back end took too long'),
  noActiveEndpoint: {
    code: '900808',
    status: 503,
    message: 'No active endpoints',
    description: 'None of the endpoints of this API can be reached',
  },
  blockedApi: {
    code: '700700',
    status: 503,
    message: 'API blocked',
    description:
      'This API has been blocked temporarily. Please try again later or contact the administrators',
  },
  denied: {
    code: '900805',
    status: 403,
    message: 'Message blocked',
    description: 'You have been blocked from accessing the resource',
  },
  internal: {
    code: '900900',
    status: 500,
    message: 'Internal Server Error',
    description: 'The gateway failed to handle the request',
  },
  badCredentials: {
    code: '900901',
    status: 401,
    message: 'Invalid Credentials',
    description: 'Make sure you have provided the correct security credentials',
  },
  wrongTokenType: {
    code: '900905',
    status: 401,
    message: 'Incorrect Access Token Type',
    description: 'The access token type used is not supported when invoking the API',
  },
  insufficientScope: {
    code: '900910',
    status: 403,
    message: 'The access token does not allow you to access the requested resource',
    description: 'User is NOT authorized to access the Resource. Scope validation failed.',
  },
  forbiddenCaller: {
    code: '900908',
    status: 403,
    message: 'Resource forbidden',
    description: 'Access forbidden for the invocations',
  },
  noProductionEndpoint: {
    code: '900901',
    status: 403,
    message: 'Invalid Credentials',
    description: 'Production key offered to the API with no production endpoint',
  },
  noSandboxEndpoint: {
    code: '900901',
    status: 403,
    message: 'Invalid Credentials',
    description: 'Sandbox key offered to the API with no sandbox endpoint',
  },
  noApiKey: {
    code: '900902',
    status: 401,
    message: 'Missing Credentials',
    description: 'Make sure your API invocation call has a header with the API key',
  },
  noResource: {
    code: '900906',
    status: 403,
    message: 'No matching resource found in the API for the given request',
    description: 'Check the API documentation and add a proper REST resource path to the invocation URL',
  },
  blockedSubscription: {
    code: '900907',
    status: 401,
    message: 'The requested API is temporarily blocked',
    description: 'The subscription of this application to the API is blocked',
  },
  noSubscription: {
    code: '900908',
    status: 403,
    message: 'Resource forbidden',
    description: 'User is NOT authorized to access the Resource. API Subscription validation failed.',
  },
  unapprovedSubscription: {
    code: '900909',
    status: 401,
    message: 'The subscription to the API is inactive',
    description: 'The subscription of this application to the API is not approved',
  },
  undecided: {
    code: '900899',
    status: 503,
    message: 'Rate limit unavailable',
    description: 'The gateway can not decide about the rate limit at the moment',
  },
};

/** What a level says when it refuses (wso2.md 3.1). */
export const overLimit: Readonly<Record<Level, Cause>> = {
  api: throttled('900800'),
  operation: throttled('900802'),
  subscription: throttled('900804'),
  burst: throttled('900807'),
  application: throttled('900803'),
  'application-burst': throttled('900809'),
  custom: throttled('900806'),
  backend: {
    code: '900801',
    status: 503,
    message: 'API Limit Reached',
    description: 'API not accepting requests',
  },
};

/** What WSO2 calls a general fault. */
export function fault(code: string, status: number, description: string): Cause {
  return { code, status, description };
}

/** What every level says but the backend's. */
export function throttled(code: string): Cause {
  return { code, status: 429, message: 'Message throttled out', description: 'You have exceeded your quota' };
}
