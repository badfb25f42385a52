// Trees over bins and over columns of values.
import { alignUp, bytesOf, column, loadOne, minRows } from "./lanes";

// Rows that are laid out row by row at once.
const BLOCK_ROWS: u32 = 64;
const MISSING: u32 = 255;
// As nodeFlag of tree-kernels.ts.
const CATEGORICAL: u32 = 0x40000000;
const OTHER_LEFT: u32 = 0x20000000;

export function addTreeBins(
  bins: usize, stride: u32, rows: usize, n: u32, nodes: usize, sets: usize, values: usize, margin: usize,
): void {
  for (let i: u32 = 0; i < n; i++) {
    const row = load<u32>(rows + bytesOf<u32>(i));
    const own = bins + <usize>row * <usize>stride;
    let node: u32 = 0;
    let at = nodes;
    let feature = load<i32>(at);
    while (feature >= 0) {
      const b = <u32>load<u8>(own + <usize>feature);
      const last = load<i32>(at, 4);
      let goesLeft: u32;
      if (last < 0) goesLeft = (<u32>load<u8>(sets + ((<usize>(-1 - last)) << 5) + <usize>(b >> 3)) >> (b & 7)) & 1;
      else goesLeft = <u32>(b <= <u32>last) | (<u32>(b == MISSING) & load<u32>(at, 12));
      node = load<u32>(at, 8) + 1 - goesLeft;
      at = nodes + ((<usize>node) << 4);
      feature = load<i32>(at);
    }
    const p = margin + bytesOf<f64>(row);
    store<f64>(p, load<f64>(p) + load<f64>(values + bytesOf<f64>(node)));
  }
}

// @ts-ignore: decorator
@inline
function child(tree: usize, node: u32, row: usize): u32 {
  const at = tree + ((<usize>node) << 4);
  const tagged = load<u32>(at, 8);
  const x = load<f64>(row + bytesOf<f64>(tagged & (OTHER_LEFT - 1)));
  const goesLeft: u32 = <u32>(x <= load<f64>(at)) | (<u32>(x != x) & (tagged >> 31));
  return load<u32>(at, 12) + 1 - goesLeft;
}

// Of one row, for ensembles with categorical nodes.
// @ts-ignore: decorator
@inline
function leafOf(tree: usize, categories: usize, row: usize): u32 {
  let node: u32 = 0;
  let left = load<u32>(tree, 12);
  while (left != node) {
    const at = tree + ((<usize>node) << 4);
    const tagged = load<u32>(at, 8);
    const x = load<f64>(row + bytesOf<f64>(tagged & (OTHER_LEFT - 1)));
    let goesLeft: u32;
    if (x != x) goesLeft = tagged >> 31;
    else if (tagged & CATEGORICAL) {
      const code = trunc(x);
      if (code >= 0 && code < <f64>load<u32>(at, 4) * 32) {
        const c = <u32>code;
        goesLeft = (load<u32>(categories + bytesOf<u32>(load<u32>(at) + (c >> 5))) >> (c & 31)) & 1;
      } else goesLeft = (tagged >> 29) & 1;
    } else goesLeft = <u32>(x <= load<f64>(at));
    node = left + 1 - goesLeft;
    left = load<u32>(tree + ((<usize>node) << 4), 12);
  }
  return node;
}

// @ts-ignore: decorator
@inline
function treePredict<T>(
  cols: usize, nCols: u32, n: u32, nodes: usize, values: usize, categories: usize, roots: usize, nTrees: u32,
  outputs: u32, outs: usize, scratch: usize,
): void {
  const block = alignUp(scratch);
  const width = bytesOf<f64>(nCols);
  for (let from: u32 = 0; from < n; from += BLOCK_ROWS) {
    const m = minRows(n - from, BLOCK_ROWS);
    for (let j: u32 = 0; j < nCols; j++) {
      let p = column(cols, j) + bytesOf<T>(from);
      let q = block + bytesOf<f64>(j);
      for (let i: u32 = 0; i < m; i++) {
        store<f64>(q, loadOne<T>(p));
        p += sizeof<T>();
        q += width;
      }
    }
    let output: u32 = 0;
    for (let t: u32 = 0; t < nTrees; t++) {
      const sums = column(outs, output) + bytesOf<f64>(from);
      output = output + 1 == outputs ? 0 : output + 1;
      const root = load<u32>(roots + bytesOf<u32>(t));
      const tree = nodes + ((<usize>root) << 4);
      const leaves = values + bytesOf<f64>(root);
      let i: u32 = 0;
      if (categories != 0) {
        for (; i < m; i++) {
          const s = sums + bytesOf<f64>(i);
          const leaf = leafOf(tree, categories, block + <usize>i * width);
          store<f64>(s, load<f64>(s) + load<f64>(leaves + bytesOf<f64>(leaf)));
        }
        continue;
      }
      // Four rows walk down together, until none of them moves.
      for (; i + 4 <= m; i += 4) {
        const r0 = block + <usize>i * width;
        const r1 = r0 + width;
        const r2 = r1 + width;
        const r3 = r2 + width;
        let a: u32 = 0;
        let b: u32 = 0;
        let c: u32 = 0;
        let d: u32 = 0;
        let moved: u32 = 1;
        while (moved != 0) {
          const na = child(tree, a, r0);
          const nb = child(tree, b, r1);
          const nc = child(tree, c, r2);
          const nd = child(tree, d, r3);
          moved = (na ^ a) | (nb ^ b) | (nc ^ c) | (nd ^ d);
          a = na;
          b = nb;
          c = nc;
          d = nd;
        }
        const s = sums + bytesOf<f64>(i);
        store<f64>(s, load<f64>(s) + load<f64>(leaves + bytesOf<f64>(a)));
        store<f64>(s, load<f64>(s, 8) + load<f64>(leaves + bytesOf<f64>(b)), 8);
        store<f64>(s, load<f64>(s, 16) + load<f64>(leaves + bytesOf<f64>(c)), 16);
        store<f64>(s, load<f64>(s, 24) + load<f64>(leaves + bytesOf<f64>(d)), 24);
      }
      for (; i < m; i++) {
        const row = block + <usize>i * width;
        let a: u32 = 0;
        let next = child(tree, a, row);
        while (next != a) {
          a = next;
          next = child(tree, a, row);
        }
        const s = sums + bytesOf<f64>(i);
        store<f64>(s, load<f64>(s) + load<f64>(leaves + bytesOf<f64>(a)));
      }
    }
  }
}

export function treePredictF64(
  cols: usize, nCols: u32, n: u32, nodes: usize, values: usize, categories: usize, roots: usize, nTrees: u32,
  outputs: u32, outs: usize, scratch: usize,
): void {
  treePredict<f64>(cols, nCols, n, nodes, values, categories, roots, nTrees, outputs, outs, scratch);
}

export function treePredictF32(
  cols: usize, nCols: u32, n: u32, nodes: usize, values: usize, categories: usize, roots: usize, nTrees: u32,
  outputs: u32, outs: usize, scratch: usize,
): void {
  treePredict<f32>(cols, nCols, n, nodes, values, categories, roots, nTrees, outputs, outs, scratch);
}
