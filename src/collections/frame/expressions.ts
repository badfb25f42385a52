import { DataError, ParameterError, closest, show } from "../../base/errors.js";
import { isExpr, polars, type PolarsExpr } from "./polars.js";

/** A column name, or a Polars expression (`pl.col("fare").div(pl.col("miles"))`). */
export type ExprLike = string | PolarsExpr;

// Plans are made of columns by their names, again and again; Polars takes a tenth of a millisecond for each way.
const encodedNames = new Map<string, Uint8Array>();
const encodedPlain = new WeakMap<Uint8Array, string>();
const MOST_NAMES = 10_000;
// Expressions never change, so one that was decoded serves again.
const decoded = new WeakMap<Uint8Array, PolarsExpr>();

/** An expression as it travels: Polars' binary form, which keeps NaN and infinity (its JSON form does not). */
export function encodeExpr(owner: string, value: ExprLike): Uint8Array {
  const known = typeof value === "string" ? encodedNames.get(value) : undefined;
  if (known) return known;
  const bytes = encode(owner, value);
  // A text may also be a pattern, which is more than a column.
  if (typeof value === "string" && plainColumn(bytes) === value) {
    if (encodedNames.size >= MOST_NAMES) encodedNames.clear();
    encodedNames.set(value, bytes);
    encodedPlain.set(bytes, value);
  }
  return bytes;
}

function encode(owner: string, value: ExprLike): Uint8Array {
  const expr = typeof value === "string" ? polars().col(value) : value;
  if (!isExpr(expr)) {
    throw new ParameterError(
      `${owner}: expected a column name or a Polars expression; got ${show(value)}. Write pl.col("name")...`,
    );
  }
  rejectRowMixing(owner, expr);
  return new Uint8Array((expr as unknown as { serialize(format: string): Buffer }).serialize("bincode"));
}

/** The expression that {@link encodeExpr} encoded. */
export function decodeExpr(bytes: Uint8Array): PolarsExpr {
  const known = decoded.get(bytes);
  if (known) return known;
  const { Expr } = polars() as unknown as { Expr: { deserialize(bytes: Buffer, format: string): PolarsExpr } };
  const buffer = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
  const expr = Expr.deserialize(buffer, "bincode");
  decoded.set(bytes, expr);
  return expr;
}

/** The name, where an expression is a column and nothing else. */
export function plainColumn(bytes: Uint8Array): string | undefined {
  const known = encodedPlain.get(bytes);
  if (known !== undefined) return known;
  const root = tree(decodeExpr(bytes)) as { Column?: unknown };
  return typeof root.Column === "string" ? root.Column : undefined;
}

/** The columns that an expression names, or undefined when it selects by pattern, position or type. */
export function columnsOfExpr(bytes: Uint8Array): string[] | undefined {
  const known = encodedPlain.get(bytes);
  if (known !== undefined) return [known];
  const names: string[] = [];
  let open = false;
  walk(tree(decodeExpr(bytes)), (key, value) => {
    if (key === "Column" && typeof value === "string") names.push(value);
    if (key === "Selector") {
      const listed = (value as { ByName?: { names?: unknown } } | null)?.ByName?.names;
      if (Array.isArray(listed)) names.push(...listed.filter((name) => typeof name === "string"));
      else open = true;
    }
    return true;
  });
  return open ? undefined : names;
}

// Nodes of Polars' JSON whose value at one row depends on other rows: their answer would change with the partitioning.
const MIXING_NODES = new Set([
  "Agg",
  "Over",
  "Window",
  "Sort",
  "SortBy",
  "Gather",
  "Filter",
  "Slice",
  "Explode",
  "Rolling",
  "Len",
]);
const MIXING_FUNCTIONS = new Set([
  "CumSum",
  "CumProd",
  "CumMin",
  "CumMax",
  "CumCount",
  "Shift",
  "ShiftAndFill",
  "Diff",
  "PctChange",
  "Rank",
  "Unique",
  "Reverse",
  "RollingExpr",
  "FillNullWithStrategy",
  "Interpolate",
  "EwmMean",
  "EwmStd",
  "EwmVar",
  "ValueCounts",
  "UniqueCounts",
  "Quantile",
  "Mode",
  "ArgSort",
  "ArgMin",
  "ArgMax",
  "ArgUnique",
  "NullCount",
  "DropNans",
  "DropNulls",
  "QCut",
  "Hist",
  "TopK",
  "IsUnique",
  "IsDuplicated",
  "IsFirstDistinct",
  "IsLastDistinct",
  "Any",
  "All",
  "ApproxNUnique",
  "RLE",
  "RLEID",
  "Skew",
  "Kurtosis",
  "Random",
  "Product",
  "Correlation",
  "Range",
  "GatherEvery",
]);

function rejectRowMixing(owner: string, expr: PolarsExpr): void {
  const root = tree(expr, owner);
  const found = new Set<string>();
  if (root === "Len") found.add("Len");
  walk(root, (key, value) => {
    if (MIXING_NODES.has(key)) found.add(key === "Agg" ? `Agg ${Object.keys(value as object)[0] ?? ""}`.trim() : key);
    if (value === "Len") found.add("Len");
    if (key !== "function" || isExprNode(value)) return true;
    const name = functionName(value);
    if (MIXING_FUNCTIONS.has(name)) found.add(name);
    // What follows are a function's options, whose names may be those of nodes: a list's own Sort looks at one row.
    return false;
  });
  const [first] = found;
  if (first !== undefined) {
    throw new DataError(
      `${owner}: the expression ${show(expr.toString())} uses ${first}, which looks at other rows; frames are partitioned, so its ` +
        "answer would depend on the partitioning. Use an element-wise expression, describe(), valueCounts(), or mapPartitions() where a partition at a time is meant.",
    );
  }
}

function functionName(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return "";
  const [name] = Object.keys(value);
  const inner = name === "Boolean" ? (value as Record<string, unknown>)[name] : undefined;
  return inner === undefined ? (name ?? "") : functionName(inner);
}

function tree(expr: PolarsExpr, owner = "Expression"): unknown {
  let text: string;
  try {
    text = (expr as unknown as { serialize(format: string): Buffer }).serialize("json").toString();
  } catch (cause) {
    throw new ParameterError(
      `${owner}: the expression cannot be sent to where the partitions are (${cause instanceof Error ? cause.message : String(cause)}). Use mapPartitions() instead.`,
      { cause },
    );
  }
  return JSON.parse(text);
}

/** Window nodes keep an expression under the key that functions keep their name under. */
function isExprNode(value: unknown): boolean {
  const [key] = typeof value === "object" && value !== null ? Object.keys(value) : [];
  return key === "BinaryExpr" || key === "Agg" || key === "Column" || key === "Function" || key === "Ternary";
}

/** Visits every key of a tree; `visit` returns false to leave out what is below. */
function walk(node: unknown, visit: (key: string, value: unknown) => boolean): void {
  if (Array.isArray(node)) for (const item of node) walk(item, visit);
  else if (typeof node === "object" && node !== null) {
    for (const [key, value] of Object.entries(node)) {
      // Literal values hold Arrow bytes as long lists of numbers.
      if (visit(key, value) && key !== "Literal") walk(value, visit);
    }
  }
}

/** The error for a column that is not there, with the nearest name. */
export function unknownColumn(owner: string, name: string, columns: readonly string[]): DataError {
  const near = closest(name, columns);
  return new DataError(
    `${owner}: there is no column ${show(name)}${near === undefined ? "." : `; did you mean ${show(near)}?`} The columns are ${columns.slice(0, 30).map(show).join(", ")}${columns.length > 30 ? ", ..." : ""}.`,
    { details: { column: name } },
  );
}
