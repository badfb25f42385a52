import { TILE, bytesOf, dotTile, minRows, sumTile } from "./lanes";

export function weightedSum(x: usize, w: usize, n: u32): f64 {
  if (x == 0 && w == 0) return <f64>n;
  let total: f64 = 0;
  let lost: f64 = 0;
  for (let start: u32 = 0; start < n; start += TILE) {
    const rows = minRows(TILE, n - start);
    const o = bytesOf<f64>(start);
    let tile: f64;
    if (x == 0) tile = sumTile<f64>(w + o, rows);
    else if (w == 0) tile = sumTile<f64>(x + o, rows);
    else tile = dotTile<f64>(x + o, w + o, rows);
    const sum = total + tile;
    lost += abs(total) >= abs(tile) ? total - sum + tile : tile - sum + total;
    total = sum;
  }
  // An infinite or NaN total leaves NaN in the lost digits.
  return total - total == 0 ? total + lost : total;
}
