// @ts-ignore: decorator
@inline
function mixed(k: u32): u32 {
  return rotl<u32>(k * 0xcc9e2d51, 15) * 0x1b873593;
}

/** MurmurHash3, x86, 32 bits, seed 0. */
export function murmur(src: usize, length: u32): u32 {
  let h: u32 = 0;
  let p = src;
  const end = src + <usize>(length & ~3);
  for (; p < end; p += 4) h = rotl<u32>(h ^ mixed(load<u32>(p)), 13) * 5 + 0xe6546b64;
  const rest = length & 3;
  if (rest != 0) {
    let k = <u32>load<u8>(p);
    if (rest > 1) k |= <u32>load<u8>(p, 1) << 8;
    if (rest > 2) k |= <u32>load<u8>(p, 2) << 16;
    h ^= mixed(k);
  }
  h ^= length;
  h = (h ^ (h >>> 16)) * 0x85ebca6b;
  h = (h ^ (h >>> 13)) * 0xc2b2ae35;
  return h ^ (h >>> 16);
}
