export const slotCount = 16_384;

/**
 * The slot of a key in a Redis Cluster: CRC16 (XMODEM) of the key, or of what stands between its first `{` and the next `}`
 * when that isn't empty. Redis Cluster specification, "Key distribution model".
 */
export function keySlot(key: string): number {
  const bytes = new TextEncoder().encode(hashed(key));
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
    crc &= 0xffff;
  }
  return crc % slotCount;
}

function hashed(key: string): string {
  const from = key.indexOf('{');
  const to = key.indexOf('}', from + 1);
  return from < 0 || to <= from + 1 ? key : key.slice(from + 1, to);
}
