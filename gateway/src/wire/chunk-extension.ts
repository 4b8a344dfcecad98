import { isTokenOctet, isValueOctet, octets } from './octets.ts';

/** What is expected next of the extensions behind a chunk's size; the first one starts behind a semicolon. */
export type ExtensionPlace =
  | 'name-start'
  | 'name'
  | 'value-start'
  | 'value'
  | 'quoted'
  | 'escaped'
  | 'quoted-end';

/**
 * The place behind an octet: `line-end` behind the CR that ends the extensions, undefined when they are none (RFC 9112,
 * section 7.1.1). White space around `;` and `=` is refused: nobody sends it, and readers disagree about it.
 */
export function nextOfExtension(
  place: ExtensionPlace,
  octet: number,
): ExtensionPlace | 'line-end' | undefined {
  switch (place) {
    case 'name-start':
      return isTokenOctet(octet) ? 'name' : undefined;
    case 'name':
      if (octet === octets.equals) return 'value-start';
      return isTokenOctet(octet) ? 'name' : behindExtension(octet);
    case 'value-start':
      if (octet === octets.quote) return 'quoted';
      return isTokenOctet(octet) ? 'value' : undefined;
    case 'value':
      return isTokenOctet(octet) ? 'value' : behindExtension(octet);
    case 'quoted':
      if (octet === octets.quote) return 'quoted-end';
      if (octet === octets.backslash) return 'escaped';
      return isValueOctet(octet) ? 'quoted' : undefined;
    case 'escaped':
      return isValueOctet(octet) ? 'quoted' : undefined;
    case 'quoted-end':
      return behindExtension(octet);
    default:
      return place satisfies never;
  }
}

function behindExtension(octet: number): 'name-start' | 'line-end' | undefined {
  if (octet === octets.cr) return 'line-end';
  return octet === octets.semicolon ? 'name-start' : undefined;
}
