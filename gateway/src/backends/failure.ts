/**
 * Why a backend gave no whole answer. `busy`: too many requests wait for it; `unreachable` and `connect-deadline`: no
 * connection; `silent`: it didn't answer, or not go on answering, in time; `broken`: it ended the connection;
 * `invalid`: what it sent isn't HTTP/1.1.
 */
export type BackendFailure = 'busy' | 'unreachable' | 'connect-deadline' | 'silent' | 'broken' | 'invalid';
