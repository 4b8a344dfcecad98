import { type Cause, fault } from './refusal.ts';

type GraphqlCause = 'invalidQuery' | 'deepQuery' | 'complexQuery' | 'largeBody' | 'busy';

/** Why an API of type GRAPHQL itself refuses. */
export const graphqlCauses: Readonly<Record<GraphqlCause, Cause>> = {
  invalidQuery: {
    code: '900422',
    status: 422,
    message: 'INVALID QUERY',
    description: 'The request is not valid GraphQL',
  },
  deepQuery: {
    code: '900820',
    status: 400,
    message: 'QUERY TOO DEEP',
    description: 'maximum query depth exceeded',
  },
  complexQuery: {
    code: '900821',
    status: 400,
    message: 'QUERY TOO COMPLEX',
    description: 'maximum query complexity exceeded',
  },
  largeBody: fault('908015', 413, 'The body of a GraphQL request is larger than 256 KiB'),
  busy: fault('908022', 503, 'Too many bodies of GraphQL requests are read at once'),
};
