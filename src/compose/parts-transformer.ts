import { DataError, ParameterError, show } from "../base/errors.js";
import type { DistributedArray } from "../collections/array/distributed-array.js";
import { reducePartitions } from "../collections/reduce.js";
import { fnRef } from "../engine/fn-ref.js";
import type { FitOptions } from "../estimator/design.js";
import type { Estimator, FittedInput } from "../estimator/estimator.js";
import {
  applyTransforming,
  asOwnTransform,
  fitTransforming,
  FrameTransformer,
  isOwnTransform,
  type Narrowing,
  type RowsTransform,
  type TransformingEstimator,
} from "../estimator/frame-transformer.js";
import { toMatrix, type LabelInput, type VectorInput } from "../estimator/inputs.js";
import {
  assertNotEmpty,
  fittedTable,
  toTable,
  type FittedTable,
  type Rows,
  type Table,
  type TableInput,
} from "../estimator/table.js";
import { holdSource } from "./held-source.js";
import { narrowed, type Narrowed } from "./narrowed-columns.js";
import { outputName } from "./part-names.js";
import { stackParts } from "./stack-parts.js";

/** What one part does with its columns. */
export type PartEstimator = TransformingEstimator | "drop" | "passthrough";

/** A part with the positions of its columns in X. */
export interface ResolvedPart {
  readonly name: string;
  readonly estimator: PartEstimator;
  readonly columns: readonly number[];
}

/** A fitted part: its columns in X, and the names of what it returns. */
interface FittedPart {
  readonly name: string;
  readonly columns: readonly number[];
  readonly names: readonly string[];
}

/** Fitted state of transformers that are made of parts. */
export interface PartsState extends FittedTable {
  readonly parts: readonly FittedPart[];
  /** Whether the result is in compressed rows. */
  readonly sparse: boolean;
}

/** Transformers side by side over one X: what `ColumnTransformer` and `FeatureUnion` share. */
export abstract class PartsTransformer<P extends object> extends FrameTransformer<P, PartsState> {
  /** The named parts as the parameters have them. */
  protected abstract namedParts(): readonly (readonly [name: string, estimator: PartEstimator])[];

  /** The parts with their columns. */
  protected abstract resolve(owner: string, table: Table): ResolvedPart[];

  /** Below this share of stored entries the result is sparse, where a part is. */
  protected abstract get threshold(): number;

  /** Factors of the parts' results by name. */
  protected abstract get weights(): Readonly<Record<string, number>> | null;

  /** How output names are made of the part's name and its own; see {@link outputName}. */
  protected abstract get naming(): boolean | string;

  /** The parameters with another estimator for a part. */
  protected abstract withPart(name: string, estimator: PartEstimator): Partial<P>;

  /**
   * Fits every part: X is read once (and kept while the parts pass over it), whatever their number.
   * @throws what the parts throw; DataError for names that collide
   */
  async fit(X: TableInput, y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    await this.#fitParts(this.#open(toTable(`${this.kind}.fit`, X)), undefined, y, options);
    return this;
  }

  override async fitRows(rows: Rows, y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<RowsTransform> {
    const narrowing = this.narrow(rows);
    return (await narrowing.fitRows(narrowing.rows, y, options)).whole;
  }

  /** The columns that the parts need; a pipeline keeps only those while it is fitted. */
  narrow(rows: Rows): Narrowing {
    const opened = this.#open(toTable(`${this.kind}.fit`, rows));
    return {
      rows: opened.base.rows,
      fitRows: async (held, y, options = {}) => {
        const transforms = await this.#fitParts(opened, held, y, options);
        const apply = (k: number, own: Rows): Rows => (transforms[k] as RowsTransform)(own);
        const columns = this.state.parts.map((part) => part.columns);
        const whole: RowsTransform = (other) => this.#assemble(toTable(`${this.kind}.transform`, other), apply);
        return {
          narrow: (other) => this.#stack(opened.base.over(other), columns, apply),
          whole: transforms.every(isOwnTransform) ? asOwnTransform(whole) : whole,
        };
      },
    };
  }

  /** A part's transformer by name. @throws ParameterError naming the parts there are */
  part(name: string): PartEstimator {
    const parts = this.namedParts();
    const found = parts.find(([own]) => own === name);
    if (found) return found[1];
    throw new ParameterError(
      `${this.kind}: there is no transformer ${show(name)}; there are ${parts.map(([own]) => own).join(", ")}.`,
    );
  }

  /** Sets parameters, a part's estimator by its name, or parameters of a part by `part__param`. */
  override setParams(params: Partial<P> & Record<string, unknown>): this {
    for (const [name, value] of Object.entries(params)) {
      const [part = "", ...rest] = name.split("__");
      if (rest.length === 0) {
        const isPart = !this.table.names.includes(name) && this.namedParts().some(([own]) => own === name);
        const own = isPart ? this.withPart(name, value as PartEstimator) : ({ [name]: value } as unknown as Partial<P>);
        this.checkParams(this.table.parse({ ...this.params, ...own }));
        super.setParams(own);
        continue;
      }
      const estimator = this.part(part);
      if (typeof estimator === "string")
        throw new ParameterError(`${this.kind}: ${show(part)} is ${show(estimator)} and has no parameters.`);
      estimator.setParams({ [rest.join("__")]: value } as object);
    }
    return this;
  }

  /** @throws ParameterError for parts that cannot work */
  protected abstract checkParams(params: Readonly<P>): void;

  /** Takes over the parts' fitted states too. */
  override adopt(fitted: Estimator<object, FittedInput & object>): void {
    super.adopt(fitted);
    const others = (fitted as unknown as PartsTransformer<P>).namedParts();
    this.namedParts().forEach(([, own], k) => {
      const other = others[k]?.[1];
      if (typeof own === "object" && typeof other === "object") own.adopt(other);
    });
  }

  /** Whether the result is in compressed rows. */
  get sparseOutput(): boolean {
    return this.state.sparse;
  }

  getFeatureNamesOut(): string[] {
    return this.#namesOut(this.state.parts);
  }

  protected transformTable(table: Table): DistributedArray {
    const estimators = new Map(this.namedParts());
    const parts = this.state.parts;
    return this.#assemble(table, (k, rows) => {
      const estimator = estimators.get(parts[k]?.name ?? "") ?? "passthrough";
      return typeof estimator === "string" ? rows : applyTransforming(`${this.kind}.transform`, estimator, rows);
    });
  }

  #assemble(table: Table, apply: (part: number, rows: Rows) => Rows): DistributedArray {
    const { parts } = this.state;
    const fitNames = this.state.featureNames;
    // With names on both sides columns are found by them: X may have more of them where the rest is dropped.
    const at = (position: number): number =>
      fitNames && table.names ? table.names.indexOf(fitNames[position] ?? "") : position;
    const columns = parts.map((part) => part.columns.map(at));
    // The parts know their columns by the names of the fit, also where X has none, or the fit had none.
    const labels = new Map(
      parts.flatMap((part, k) => part.columns.map((j, i) => [columns[k]?.[i] ?? j, fitNames?.[j] ?? `x${j}`] as const)),
    );
    const base = narrowed(table, columns.flat(), (j) => labels.get(j) ?? `x${j}`);
    return this.#stack(base, columns, apply);
  }

  /** The parts' results for rows that `base` has, side by side. */
  #stack(
    base: Narrowed,
    columns: readonly (readonly number[])[],
    apply: (part: number, rows: Rows) => Rows,
  ): DistributedArray {
    const owner = `${this.kind}.transform`;
    const { parts, sparse } = this.state;
    const { weights } = this;
    const arrays = parts.map((part, k) => {
      const array = toMatrix(`${owner} (${part.name})`, apply(k, base.pick(columns[k] ?? [])));
      if (array.width === part.names.length) return { name: part.name, array, weight: weights?.[part.name] };
      throw new DataError(
        `${owner}: transformer ${show(part.name)} returned ${array.width} columns, but names ${part.names.length}. Check its getFeatureNamesOut().`,
      );
    });
    return stackParts(owner, arrays, this.#namesOut(parts), sparse);
  }

  /** The parts that do something, and the columns of X that they share. */
  #open(table: Table): Opened {
    const owner = `${this.kind}.fit`;
    assertNotEmpty(owner, table);
    const parts = this.resolve(owner, table).filter(
      ({ estimator, columns }) => estimator !== "drop" && columns.length > 0,
    );
    if (parts.length === 0)
      throw new DataError(
        `${owner}: no columns are left. Give at least one transformer columns, or remainder: "passthrough".`,
      );
    for (const { estimator, columns } of parts) if (estimator === "passthrough") assertNumbers(owner, table, columns);
    const base = narrowed(
      table,
      parts.flatMap(({ columns }) => columns),
      (j) => table.columns[j]?.name ?? `x${j}`,
    );
    return { table, parts, base };
  }

  async #fitParts(
    { table, parts, base }: Opened,
    rows: Rows | undefined,
    y: VectorInput | LabelInput | undefined,
    options: FitOptions,
  ): Promise<RowsTransform[]> {
    const owner = `${this.kind}.fit`;
    const passes = parts.filter(({ estimator }) => estimator !== "passthrough").length;
    const source = await holdSource(owner, rows ?? base.rows, y, options, passes);
    try {
      const held = base.over(source.X);
      const run = { ...options, ...source.options };
      const transforms: RowsTransform[] = [];
      const fitted: FittedPart[] = [];
      const densities: { readonly width: number; readonly stored: number; readonly sparse: boolean }[] = [];
      const adopt: (() => void)[] = [];
      for (const { name, estimator, columns } of parts) {
        const own = held.pick(columns);
        let transform: RowsTransform = asOwnTransform((other) => other);
        let names: readonly string[] = columns.map((j) => table.columns[j]?.name ?? `x${j}`);
        let clone: TransformingEstimator | undefined;
        if (typeof estimator === "object") {
          clone = estimator.clone();
          const done = clone;
          transform = await fitTransforming(owner, clone, own, source.y, run);
          adopt.push(() => estimator.adopt(done));
          names = clone.getFeatureNamesOut();
        }
        transforms.push(transform);
        fitted.push({ name, columns, names });
        const result = toMatrix(`${owner} (${name})`, transform(own));
        densities.push({
          width: result.width,
          stored: await storedShare(clone, result, run),
          sparse: result.layout === "csr",
        });
      }
      const width = densities.reduce((sum, part) => sum + part.width, 0);
      const stored = densities.reduce((sum, part) => sum + part.width * part.stored, 0);
      this.#assertNames(owner, this.#namesOut(fitted));
      // All parts have succeeded: now they become the fitted ones, together.
      for (const take of adopt) take();
      this.setState({
        ...fittedTable(table),
        parts: fitted,
        sparse: densities.some((part) => part.sparse) && stored / Math.max(1, width) < this.threshold,
      });
      return transforms;
    } finally {
      source.release();
    }
  }

  #namesOut(parts: readonly FittedPart[]): string[] {
    return parts.flatMap(({ name, names }) => names.map((own) => outputName(this.naming, name, own)));
  }

  #assertNames(owner: string, names: readonly string[]): void {
    // A set: vectorisers of text have names by the hundred thousand.
    const seen = new Set<string>();
    const twice = names.find((name) => seen.size === seen.add(name).size);
    if (twice === undefined) return;
    throw new DataError(
      `${owner}: two output columns would be called ${show(twice)}. Set verboseFeatureNamesOut: true, or rename a column.`,
      { details: { column: twice } },
    );
  }
}

/** What `#open` finds out: it starts nothing. */
interface Opened {
  readonly table: Table;
  readonly parts: readonly ResolvedPart[];
  readonly base: Narrowed;
}

function assertNumbers(owner: string, table: Table, columns: readonly number[]): void {
  const text = columns.map((j) => table.columns[j]).find((column) => column?.kind === "text");
  if (!text) return;
  throw new DataError(
    `${owner}: column ${show(text.name)} is ${text.dtype} and cannot pass through. Give it to an encoder, or drop it.`,
    { details: { column: text.name } },
  );
}

/** The share of entries that a result stores: what its transformer knows, else counted in one pass. */
async function storedShare(
  estimator: TransformingEstimator | undefined,
  result: DistributedArray,
  options: FitOptions,
): Promise<number> {
  if (result.layout === "dense") return 1;
  const known = (estimator as { outputDensity?: unknown } | undefined)?.outputDensity;
  if (typeof known === "number") return known;
  const [rows, stored] = (await reducePartitions<[number, number]>(
    [result.plan],
    {
      label: "density",
      step: fnRef(new URL("./stack-parts.js", import.meta.url).href, "entriesStep"),
      combine: (a, b) => [a[0] + b[0], a[1] + b[1]],
    },
    { ...(options.engine ? { engine: options.engine } : {}), ...(options.signal ? { signal: options.signal } : {}) },
  )) ?? [0, 0];
  return stored / Math.max(1, rows * result.width);
}
