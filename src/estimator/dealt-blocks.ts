import { FitError } from "../base/errors.js";
import type { Plain } from "../base/plain.js";
import { holdPlans } from "../collections/hold.js";
import { TaskPlan, type HeldPlan } from "../collections/plan.js";
import type { FnRef } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { mergeRowsAndWeight, type DealArgs, type PieceArgs, type RowsAndWeight } from "./dealing-tasks.js";
import type { Design } from "./design.js";
import { noRows } from "./no-rows.js";

const task = (name: string): FnRef => fnRef(new URL("./dealing-tasks.js", import.meta.url).href, name);

/** Values of a block of dense rows: 16 MB, so that the random order of its rows stays near the cache. */
const BLOCK_VALUES = 2 ** 21;
const MIN_BLOCK = 256;
const MAX_BLOCK = 2 ** 17;

/** How rows are dealt to blocks. */
export interface Dealing {
  /** A block is a whole number of batches of so many rows. */
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number;
  /** Share of rows to validate on. */
  readonly validation: number;
}

function blockRows(design: Design, batch: number): number {
  const rows = design.layout === "csr" ? MAX_BLOCK / 2 : BLOCK_VALUES / design.nFeatures;
  const size = Math.max(MIN_BLOCK, Math.min(MAX_BLOCK, Math.floor(rows)));
  return Math.max(1, Math.floor(size / batch)) * batch;
}

/**
 * Deals the rows to blocks of a size that depends on the columns alone, and holds those: at random by each row's number when
 * they are to be shuffled, else in runs. Neither depends on how the rows were partitioned.
 */
export async function dealBlocks(design: Design, dealing: Dealing): Promise<HeldPlan> {
  const { owner, names, engine } = design;
  await design.hold();
  const { counts, weight } = await design.reduce<RowsAndWeight>(
    task("rowsAndWeight"),
    undefined,
    mergeRowsAndWeight,
    false,
  );
  const rows = counts.reduce((sum, count) => sum + count, 0);
  if (rows === 0) throw noRows(owner);
  if (!(weight > 0))
    throw new FitError(`${owner}: all sample weights are zero. Give at least one row a positive weight.`);
  const size = blockRows(design, dealing.batchSize);
  const blocks = Math.max(1, Math.ceil(rows / size));
  const starts = Float64Array.from(counts);
  let before = 0;
  counts.forEach((count, p) => {
    starts[p] = before;
    before += count;
  });
  const deals = TaskPlan.blockwise(design.plan, owner, task("dealRows"), (p): Plain => {
    const args: DealArgs = {
      start: starts[p] ?? 0,
      blocks,
      blockRows: size,
      shuffle: dealing.shuffle,
      seed: dealing.seed,
      validation: dealing.validation,
    };
    return { ...args };
  });
  const parts = counts.length;
  const pieces = new TaskPlan({
    label: owner,
    partitions: blocks * parts,
    inputs: [design.plan, deals],
    task: (index) => {
      const p = index % parts;
      const args: PieceArgs = { owner, names, partition: p, block: Math.floor(index / parts) };
      return {
        fn: task("takePiece"),
        args: { ...args },
        inputs: [
          { plan: design.plan, index: p },
          { plan: deals, index: p },
        ],
      };
    },
  });
  const spread = dealing.shuffle || blocks === 1;
  const joined = new TaskPlan({
    label: owner,
    partitions: blocks,
    inputs: [pieces],
    task: (block) => {
      const inputs = [];
      for (let p = 0; p < parts; p++) {
        const first = starts[p] ?? 0;
        const last = first + (counts[p] ?? 0);
        // In runs, a block takes rows of the partitions that it overlaps.
        if (last > first && (spread || (first < (block + 1) * size && last > block * size)))
          inputs.push({ plan: pieces, index: block * parts + p });
      }
      return { fn: task("joinPieces"), inputs };
    },
  });
  const [held] = await holdPlans([joined], engine, design.runOptions);
  return held as HeldPlan;
}
