import type { Expected } from './expected.ts';

/** Those of exported API products. */
export const expectedProducts: Readonly<Record<string, Expected>> = {
  'products/Broken_1.0.0.zip': ['notSupported', 'Broken-1.0.0/api_product.yaml:3:1 Not valid YAML'],
  'products/Chatty-1.0.0/api_product.yaml': [
    'notSupported',
    'The API "Chat" is of type WS; a product is made of APIs of type',
  ],
  'products/Counter.yaml': ['exact'],
  'products/Draft-1.0.0/api_product.yaml': [
    'approximated',
    'The API "DraftProduct" is not served: its state is CREATED.',
  ],
  'products/Leasing-1.0.0/api_product.yaml': [
    'notSupported',
    'apis: found a list, expected a list of APIs, at least one.',
  ],
  'products/NeedsMock-1.0.0/api_product.yaml': ['notSupported', 'There is no API named "Mock"'],
  'products/NoSuchApi-1.0.0/api_product.yaml': ['notSupported', 'There is no API named "Nowhere9"'],
  'products/NoSuchOperation-1.0.0/api_product.yaml': [
    'notSupported',
    'GET "/item" is no operation of the API "Orders" 1.0.0, at',
  ],
  'products/OtherPizza-1.0.0/APIs/PizzaShackAPI-1.0.0/api.yaml': [
    'notSupported',
    'The home has this version of the API "PizzaShackAPI" already',
  ],
  'products/OtherPizza-1.0.0/api_product.yaml': [
    'notSupported',
    'The home has this version of the API "PizzaShackAPI" already',
  ],
  'products/PizzaDesk-1.0.0/APIs/PizzaShackAPI-1.0.0/Definitions/swagger.yaml': ['exact'],
  'products/PizzaDesk-1.0.0/APIs/PizzaShackAPI-1.0.0/Docs/Guide/document.yaml': [
    'ignored',
    'Docs is without effect here',
  ],
  'products/PizzaDesk-1.0.0/APIs/PizzaShackAPI-1.0.0/api.yaml': ['exact'],
  'products/PizzaDesk-1.0.0/APIs/PizzaShackAPI-1.0.0/api_meta.yaml': [
    'ignored',
    'api_meta.yaml is without effect here',
  ],
  'products/PizzaDesk-1.0.0/APIs/PizzaShackAPI-1.0.0/deployment_environments.yaml': [
    'ignored',
    'deployment_environments.yaml is without effect here',
  ],
  'products/PizzaDesk-1.0.0/Definitions/swagger.yaml': ['exact'],
  'products/PizzaDesk-1.0.0/Docs/Guide/document.yaml': ['ignored', 'Docs is without effect here'],
  'products/PizzaDesk-1.0.0/api_product.yaml': ['exact'],
  'products/PizzaDesk-1.0.0/api_product_meta.yaml': [
    'ignored',
    'api_product_meta.yaml is without effect here',
  ],
  'products/Takeaway_1.0.0.zip': ['exact'],
  'products/Twofold-1.0.0/api_product.yaml': ['notSupported', 'GET /items is an operation already'],
  'products/rest-answer.json': ['approximated', 'This API takes tokens only, and no issuer is known'],
};
