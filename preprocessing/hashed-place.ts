import { murmurHash3 } from "../src/base/murmur3.js";

/** A hashed feature: its column, and the sign of its values. */
export interface HashedPlace {
  readonly column: number;
  readonly sign: 1 | -1;
}

/** Where features go, by the hash of their UTF-8 bytes. */
export function hashOf(nFeatures: number, alternateSign: boolean): (feature: string) => HashedPlace {
  return (feature) => {
    const hash = murmurHash3(Buffer.from(feature, "utf8")) | 0;
    return { column: Math.abs(hash) % nFeatures, sign: alternateSign && hash < 0 ? -1 : 1 };
  };
}
