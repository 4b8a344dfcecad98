import type { Api, Operation } from '../policy/catalogue.ts';

/** Where publishers send events, as in WSO2. They show no key: what they send is signed. */
const eventsPath = '/webhooks_events_receiver_resource';

/** How requests come in at an API of type WEBSUB: those of subscribers at its base path. */
export function hubDoors(): readonly Operation[] {
  return [
    { target: '/', verb: 'POST', open: false },
    { target: eventsPath, verb: 'POST', open: true },
  ];
}

export function isEvent({ api, operation }: { readonly api: Api; readonly operation: Operation }): boolean {
  return api.webSub !== undefined && operation.target === eventsPath;
}

/** The topic of a name, which may begin with a slash or not. */
export function topicNamed({ operations }: Api, name: string): Operation | undefined {
  const target = name.startsWith('/') ? name : `/${name}`;
  return operations.find((operation) => operation.target === target);
}

/** What an API is called where its subscribers are kept. */
export function hubName({ context, version }: Api): string {
  return `${context}:${version}`;
}
