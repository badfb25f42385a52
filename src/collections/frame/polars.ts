import { createRequire } from "node:module";
import type { pl as Namespace } from "nodejs-polars";

/** The Polars namespace, as `import pl from "nodejs-polars"` gives it. */
export type Polars = typeof Namespace;
/** A Polars frame; bound to the thread that made it. */
export type PolarsFrame = import("nodejs-polars").DataFrame;
/** A Polars lazy frame. */
export type PolarsLazyFrame = import("nodejs-polars").LazyDataFrame;
/** A Polars expression. */
export type PolarsExpr = Namespace.Expr;
/** A Polars column type. */
export type PolarsDataType = import("nodejs-polars").DataType;

let loaded: Polars | undefined;

/**
 * Polars, loaded at the first call (about 50 ms): importing partwise does not load it. Expressions made with the
 * caller's own `import pl from "nodejs-polars"` are the same objects.
 */
export function polars(): Polars {
  loaded ??= (createRequire(import.meta.url)("nodejs-polars") as { pl: Polars }).pl;
  return loaded;
}

/** True for a Polars expression. */
export function isExpr(value: unknown): value is PolarsExpr {
  return typeof value === "object" && value !== null && (value as { _expr?: unknown })._expr !== undefined;
}

/** True for a Polars frame. */
export function isPolarsFrame(value: unknown): value is PolarsFrame {
  return typeof value === "object" && value !== null && Object.prototype.toString.call(value) === "[object DataFrame]";
}
