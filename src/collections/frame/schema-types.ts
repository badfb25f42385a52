import type { PolarsExpr } from "./polars.js";

/**
 * Column names with the types of their values, as far as the compiler knows them: `{ fare: number; city: string }`. With a
 * known schema, a column that is not there is a compile error.
 */
export type Columns = Record<string, unknown>;

/** The schema of a frame of which the compiler knows nothing: any name is taken, and checked when the verb is called. */
export type AnySchema = Columns;

/** The names of columns. */
export type NameOf<S extends Columns> = keyof S & string;

/** The values of a column given as an array. */
export type ElementOf<T> = T extends ArrayLike<infer V> ? V : never;

/** The columns of a list of names; unknown where an expression is among them, since it does not tell its name. */
export type Selected<S extends Columns, A extends readonly (string | PolarsExpr)[]> = [A[number]] extends [string]
  ? { [K in A[number]]: S[K] }
  : AnySchema;

/** The schema with columns renamed. */
export type Renamed<S extends Columns, M extends Readonly<Record<string, string | undefined>>> = {
  [K in NameOf<S> as K extends keyof M ? (M[K] extends string ? M[K] : K) : K]: S[K];
};

/** The schema with columns added, or replaced, whose values are not known. */
export type WithColumns<S extends Columns, N extends string> = {
  [K in NameOf<S> | N]: K extends N ? unknown : S[K];
};
