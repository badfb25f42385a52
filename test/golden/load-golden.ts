import { readFileSync } from "node:fs";

/** JSON after decoding: numbers include NaN and the infinities. */
export type GoldenValue = null | boolean | number | string | GoldenValue[] | { [key: string]: GoldenValue };

/** How a case's data is made from a bundled real set; the steps run in the order of these fields. */
export interface GoldenRecipe {
  dataset: "iris" | "breast-cancer" | "diabetes" | "digits" | "wine";
  /** Rows `[start, stop)`; all rows when absent. */
  rows?: [number, number];
  /** Where `y` comes from: the set's target, one of its columns (then taken out of X), or the target made binary. */
  target?:
    | { kind: "target" }
    | { kind: "odd" }
    | { kind: "column"; column: number }
    | { kind: "atLeast"; value: number };
  divideBy?: number;
  /** Subtract the mean and divide by the population standard deviation, 1 for a constant column. */
  standardize?: boolean;
}

/** A sparse matrix in compressed rows. */
export interface GoldenCsr {
  shape: [number, number];
  indptr: number[];
  indices: number[];
  data: number[];
}

/** What a case is computed from; which members are there depends on the file. */
export interface GoldenData {
  /** X, one array a column. */
  columns?: number[][];
  dtype?: "float64" | "float32";
  csr?: GoldenCsr;
  y?: number[] | string[];
  sampleWeight?: number[];
  offset?: number[];
  exposure?: number[];
  groups?: number[];
  /** Row bounds of the batches for partial fits: batch i is rows `[bounds[i], bounds[i + 1])`. */
  bounds?: number[];
  yTrue?: number[] | string[];
  yPred?: number[] | string[];
  yScore?: number[];
  /** Class probabilities, one array a class. */
  proba?: number[][];
  recipe?: GoldenRecipe;
}

export interface GoldenCase {
  call: string;
  inputs: string[];
  expected: Record<string, GoldenValue>;
  note: string;
}

export interface Golden {
  name: string;
  versions: Record<string, string>;
  seed: number;
  inputs: Record<string, GoldenData>;
  cases: Record<string, GoldenCase>;
}

interface RealSet {
  columns: number[][];
  target: number[];
}

const NON_FINITE: Record<string, number> = { NaN: Number.NaN, Infinity: Infinity, "-Infinity": -Infinity };

function decode(_key: string, value: unknown): unknown {
  return typeof value === "string" && Object.hasOwn(NON_FINITE, value) ? NON_FINITE[value] : value;
}

/** Reads `test/golden/<name>.json`. */
export function loadGolden(name: string): Golden {
  return JSON.parse(readFileSync(new URL(`./${name}.json`, import.meta.url), "utf8"), decode) as Golden;
}

/**
 * The data and the expected values of one case, its input blocks merged and its recipe carried out.
 * @throws Error naming the known cases when there is none of that name.
 */
export function goldenCase(
  golden: Golden,
  name: string,
): { data: GoldenData; expected: Record<string, GoldenValue>; note: string } {
  const found = golden.cases[name];
  if (found === undefined) {
    throw new Error(`golden ${golden.name} has no case "${name}"; it has ${Object.keys(golden.cases).join(", ")}.`);
  }
  const data: GoldenData = {};
  for (const key of found.inputs) {
    const block = golden.inputs[key];
    if (block === undefined) throw new Error(`golden ${golden.name}: case "${name}" names a missing input "${key}".`);
    Object.assign(data, block.recipe === undefined ? block : { ...block, ...carryOut(block.recipe) });
  }
  return { data, expected: found.expected, note: found.note };
}

/** An expected value as an array of numbers. @throws Error when it is something else. */
export function numbersOf(expected: Record<string, GoldenValue>, key: string): number[] {
  const value = expected[key];
  if (!Array.isArray(value) || !value.every((v) => typeof v === "number")) {
    throw new Error(`golden: expected.${key} is not an array of numbers.`);
  }
  return value;
}

/** An expected value as a number. @throws Error when it is something else. */
export function numberOf(expected: Record<string, GoldenValue>, key: string): number {
  const value = expected[key];
  if (typeof value !== "number") throw new Error(`golden: expected.${key} is not a number.`);
  return value;
}

/** An expected value as a record, e.g. `exact`. @throws Error when it is something else. */
export function recordOf(expected: Record<string, GoldenValue>, key: string): Record<string, GoldenValue> {
  const value = expected[key];
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new Error(`golden: expected.${key} is not a record.`);
  }
  return value;
}

function carryOut(recipe: GoldenRecipe): { columns: number[][]; y?: number[]; dtype: "float64" } {
  const path = new URL(`../../datasets/data/${recipe.dataset}.json`, import.meta.url);
  const set = JSON.parse(readFileSync(path, "utf8")) as RealSet;
  const [start, stop] = recipe.rows ?? [0, set.target.length];
  let columns = set.columns.map((column) => column.slice(start, stop));
  let y: number[] | undefined;
  const target = recipe.target;
  if (target?.kind === "column") {
    y = columns[target.column];
    columns = columns.filter((_, j) => j !== target.column);
  } else if (target !== undefined) {
    const codes = set.target.slice(start, stop);
    if (target.kind === "target") y = codes;
    else if (target.kind === "odd") y = codes.map((code) => code % 2);
    else y = codes.map((code) => (code >= target.value ? 1 : 0));
  }
  const divisor = recipe.divideBy;
  if (divisor !== undefined) columns = columns.map((column) => column.map((v) => v / divisor));
  if (recipe.standardize === true) columns = columns.map(standardized);
  return { columns, dtype: "float64", ...(y === undefined ? {} : { y }) };
}

function standardized(column: number[]): number[] {
  const mean = column.reduce((sum, v) => sum + v, 0) / column.length;
  const scale = Math.sqrt(column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / column.length);
  return column.map((v) => (v - mean) / (scale === 0 ? 1 : scale));
}
