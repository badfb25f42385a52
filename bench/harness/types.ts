/** What a run computed, by name: compared between both sides before its time counts. */
export type Values = Record<string, number | readonly number[]>;

/** A recipe's data on disk: `meta.json` of its folder, and the folder itself. */
export interface DataSet {
  directory: string;
  rows: number;
  columns: number;
}

/** One comparison of a value of ours with the same value of the peer. */
export interface Check {
  value: string;
  /**
   * `close`: |ours - theirs| <= tolerance * max(1, |theirs|), element by element;
   * `atMost`: ours <= theirs + tolerance * |theirs|, for objectives, where lower is better.
   */
  kind: "close" | "atMost";
  tolerance: number;
}

/** A work that both sides do in turn, on the same data. */
export interface PeerWork {
  work: string;
  /** The peer's name in the table, e.g. `scikit-learn`. */
  peer: string;
  /** The key of the peer's work in `peer.py`; `work` when absent. */
  peerWork?: string;
  /** The recipe that the suite's `data.py` turns into files. */
  data: string;
  /** Ours must be at least this many times faster. */
  target: number;
  checks: readonly Check[];
  /** Left out unless `--large` is given. */
  large?: boolean;
  /** Adds values that the harness works out itself from what a side returned, e.g. the objective at its coefficients. */
  judge?: (values: Values, data: DataSet) => Values;
}

/** An upper bound in place of a peer. */
export type Bound = { maxMs: number; maxMb?: number } | { maxMb: number; maxMs?: number } | { maxPercent: number };

/** A script run in fresh Node processes, held to an upper bound instead of a peer. */
export interface SoloWork {
  work: string;
  peer: null;
  target: Bound;
  /** The compiled script, relative to `dist/`. */
  script: string;
  /**
   * `wall`: from the start of the process to its exit; `printed`: the number on the script's last line, milliseconds unless
   * the bound is in percent.
   */
  measure: "wall" | "printed";
  /** Median of this many processes; `--repeat` when absent. */
  repeat?: number;
  /** Left out unless `--large` is given. */
  large?: boolean;
  /** A recipe whose folder is passed to the script as its argument. */
  data?: string;
}

export type Work = PeerWork | SoloWork;

/** What a suite folder's `suite.ts` exports as `suite`. */
export interface Suite {
  name: string;
  /** One or two sentences above the suite's table in the documentation. */
  about: string;
  works: readonly Work[];
}

/** A line of `bench/results/NAME.json`. `ratio` = theirs / ours: above 1, ours is faster. */
export interface Row {
  work: string;
  peer: string | null;
  /** Percent where the target is. */
  oursMs: number;
  theirsMs: number | null;
  ratio: number | null;
  target: number | Bound;
  oursMb: number | null;
  theirsMb: number | null;
  versions: Record<string, string>;
  date: string;
}

/** The machine of a result, as far as it explains the numbers; no names. */
export interface Machine {
  cores: number;
  cpu: string;
  ramGb: number;
  platform: string;
}

/** The contents of `bench/results/NAME.json`. */
export interface Results {
  name: string;
  about: string;
  machine: Machine;
  rows: Row[];
}
