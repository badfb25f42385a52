import { ParameterError, show } from "../base/errors.js";
import { ParamTable } from "../base/params.js";
import type { PlainRecord } from "../base/plain.js";
import { Estimator, type EstimatorJson } from "../estimator/estimator.js";
import type { TransformingEstimator } from "../estimator/frame-transformer.js";
import { estimatorFromJSON, registerEstimator, type AnyEstimator } from "../estimator/registry.js";
import { checkTable, type Table } from "../estimator/table.js";
import { columnsOf, decodeSpec, encodeSpec, type ColumnSpec } from "./column-selector.js";
import { namesByKind } from "./names-by-kind.js";
import { checkParts, checkWeights, isNaming } from "./part-names.js";
import { PartsTransformer, type PartEstimator, type ResolvedPart } from "./parts-transformer.js";

/** A transformer (or a pipeline of them), or what to do instead. */
export type ColumnsEstimator = AnyEstimator | "drop" | "passthrough";

/** A name, a transformer, and the columns it gets. */
export type ColumnTransformerPart = readonly [name: string, transformer: ColumnsEstimator, columns: ColumnSpec];

/** Parameters of {@link ColumnTransformer}. */
export interface ColumnTransformerParams {
  transformers: readonly ColumnTransformerPart[];
  remainder: ColumnsEstimator;
  sparseThreshold: number;
  transformerWeights: Readonly<Record<string, number>> | null;
  verboseFeatureNamesOut: boolean | string;
}

const REMAINDER = "remainder";

const TABLE = new ParamTable<ColumnTransformerParams>("ColumnTransformer", (z) => {
  const transformer = z.union([
    z.enum(["drop", "passthrough"]),
    z.custom((value) => value instanceof Estimator, "must be a transformer"),
  ]);
  return z.object({
    transformers: z
      .array(z.tuple([z.string().min(1), transformer, z.custom((value) => isSpec(value), "must name columns")]))
      .min(1)
      .describe("[name, transformer, columns] in the order of the output"),
    remainder: transformer
      .default("drop")
      .describe('what becomes of columns that no transformer gets: "drop", "passthrough" or a transformer'),
    sparseThreshold: z
      .number()
      .min(0)
      .max(1)
      .default(0.3)
      .describe("the result is sparse where a part is and fewer entries than this share are not zero"),
    transformerWeights: z
      .union([z.null(), z.record(z.string(), z.number())])
      .default(null)
      .describe("factors of the transformers' results, by name"),
    verboseFeatureNamesOut: z
      .union([z.boolean(), z.custom((value) => isNaming(value), 'must be text with "{featureName}"')])
      .default(true)
      .describe(
        'true: output names start with the transformer\'s name and two underscores; false: they do not; text such as "{featureName}[{transformerName}]": as it says',
      ),
  });
});

function isSpec(value: unknown): boolean {
  if (typeof value === "string" || typeof value === "number" || typeof value === "function") return true;
  return typeof value === "object" && value !== null;
}

/**
 * Transformers for columns: each gets its own of X, and their results stand side by side in the order of the list.
 *
 * Columns are named by name, position, list, mask of booleans, regular expression, type ({@link makeColumnSelector}) or a function. A
 * transformer that takes text gets a frame; others get numbers. "passthrough" columns have to be numbers.
 *
 * `fit` reads the needed columns of X once and keeps them while the transformers are fitted, each in its own passes.
 * `transform` is lazy, and one task a partition with everything in it. The result is in compressed rows where a part is and
 * the share of stored entries, as measured in fit, is below `sparseThreshold`; else it is dense, and frames give frames.
 *
 * The transformers are fitted in place, together, when all have succeeded. With `remainder: "drop"` a frame may have more
 * columns than in fit, in any order; otherwise they have to be the same.
 *
 * In a pipeline, the columns that no transformer gets are neither read nor kept. A ColumnTransformer may be a part of
 * another one.
 *
 * Differs from scikit-learn: text cannot pass through; a function as `verboseFeatureNamesOut` is not taken, since it could
 * not be saved (a text with places is).
 *
 * @example
 * ```ts
 * const features = new ColumnTransformer({
 *   transformers: [
 *     ["city", new OneHotEncoder({ handleUnknown: "ignore" }), ["origin", "destination"]],
 *     ["numbers", new StandardScaler(), makeColumnSelector({ dtypeInclude: "number" })],
 *   ],
 * });
 * const model = await makePipeline(features, new LogisticRegression()).fit(frame, frame.column("late"));
 * ```
 */
export class ColumnTransformer extends PartsTransformer<ColumnTransformerParams> {
  static readonly table = TABLE;

  /** @throws ParameterError for no transformers, a repeated name, or one that cannot transform */
  constructor(params: Pick<ColumnTransformerParams, "transformers"> & Partial<ColumnTransformerParams>) {
    super(TABLE, params);
    this.checkParams(this.params);
  }

  static fromJSON(json: EstimatorJson): ColumnTransformer {
    return new ColumnTransformer({ transformers: [["placeholder", "drop", []]] }).restore(json);
  }

  override clone(): this {
    const copy = (one: ColumnsEstimator): ColumnsEstimator => (typeof one === "string" ? one : one.clone());
    const transformers = this.params.transformers.map(([name, one, columns]): ColumnTransformerPart => [
      name,
      copy(one),
      columns,
    ]);
    return new ColumnTransformer({ ...this.params, transformers, remainder: copy(this.params.remainder) }) as this;
  }

  /** Columns of X that each transformer got in fit: names where X has names, else positions. */
  get columnsOfParts(): Readonly<Record<string, readonly (string | number)[]>> {
    return Object.fromEntries(this.state.parts.map(({ name, columns }) => [name, this.#named(columns)]));
  }

  protected namedParts(): readonly (readonly [string, PartEstimator])[] {
    const { transformers, remainder } = this.params;
    const parts = transformers.map(([name, one]) => [name, one as PartEstimator] as const);
    return [...parts, [REMAINDER, remainder as PartEstimator]];
  }

  protected get threshold(): number {
    return this.params.sparseThreshold;
  }

  protected get naming(): boolean | string {
    return this.params.verboseFeatureNamesOut;
  }

  protected get weights(): Readonly<Record<string, number>> | null {
    return this.params.transformerWeights;
  }

  protected withPart(name: string, estimator: PartEstimator): Partial<ColumnTransformerParams> {
    return {
      transformers: this.params.transformers.map((part): ColumnTransformerPart =>
        part[0] === name ? [name, estimator as ColumnsEstimator, part[2]] : part,
      ),
    };
  }

  protected checkParams({ transformers, remainder, transformerWeights }: Readonly<ColumnTransformerParams>): void {
    const parts = [...transformers, [REMAINDER, remainder] as const].map(([name, one]) => [name, one] as const);
    checkParts("ColumnTransformer", parts);
    checkWeights(
      "ColumnTransformer",
      transformerWeights,
      parts.map(([name]) => name),
    );
  }

  protected resolve(owner: string, table: Table): ResolvedPart[] {
    const { transformers, remainder } = this.params;
    const parts = transformers.map(([name, one, spec]): ResolvedPart => {
      const columns = columnsOf(`${owner} (${name})`, spec, table.columns);
      const twice = columns.find((j, k) => columns.indexOf(j) !== k);
      if (twice !== undefined)
        throw new ParameterError(
          `${owner}: transformer ${show(name)} names column ${show(table.columns[twice]?.name)} twice. Name each once.`,
        );
      return { name, estimator: one as PartEstimator, columns };
    });
    const taken = new Set(parts.flatMap(({ columns }) => columns));
    const rest = table.columns.flatMap((_, j) => (taken.has(j) ? [] : [j]));
    return [...parts, { name: REMAINDER, estimator: remainder as PartEstimator, columns: rest }];
  }

  protected override checkInput(owner: string, table: Table): void {
    const { featureNames, kinds, parts } = this.state;
    if (this.params.remainder !== "drop" || !featureNames || !table.names) return super.checkInput(owner, table);
    // What is dropped need not be there.
    const needed = [...new Set(parts.flatMap(({ columns }) => columns))].sort((a, b) => a - b);
    const found = columnsOf(
      owner,
      needed.map((j) => featureNames[j] ?? j),
      table.columns,
    );
    const narrowed: Table = {
      ...table,
      columns: found.map((j) => table.columns[j] as Table["columns"][number]),
      names: undefined,
      width: found.length,
    };
    checkTable(owner, narrowed, { nFeatures: needed.length, kinds: needed.map((j) => kinds[j] ?? "number") });
  }

  protected override encodeParams(params: Readonly<ColumnTransformerParams>): unknown {
    const fitted = new Map(
      this.isFitted ? this.state.parts.map(({ name, columns }) => [name, this.#named(columns)]) : [],
    );
    return {
      ...params,
      transformers: params.transformers.map(([name, one, spec]) => [
        name,
        encodeEstimator(one),
        encodeSpec("ColumnTransformer", spec, this.isFitted ? (fitted.get(name) ?? []) : undefined),
      ]),
      remainder: encodeEstimator(params.remainder),
    };
  }

  protected override decodeParams(plain: PlainRecord): Partial<ColumnTransformerParams> {
    const transformers = plain["transformers"] as unknown as [string, EstimatorJson | string, unknown][];
    return {
      ...(plain as Partial<ColumnTransformerParams>),
      transformers: transformers.map(([name, one, spec]): ColumnTransformerPart => [
        name,
        decodeEstimator(one),
        decodeSpec(spec),
      ]),
      remainder: decodeEstimator(plain["remainder"] as unknown as EstimatorJson | string),
    };
  }

  #named(columns: readonly number[]): (string | number)[] {
    return columns.map((j) => this.state.featureNames?.[j] ?? j);
  }
}

registerEstimator("ColumnTransformer", ColumnTransformer);

/** A transformer of a composition as JSON. */
export function encodeEstimator(one: ColumnsEstimator): unknown {
  return typeof one === "string" ? one : one.toPlain();
}

/** The inverse of {@link encodeEstimator}. */
export function decodeEstimator(json: EstimatorJson | string): ColumnsEstimator {
  return typeof json === "string" ? (json as "drop" | "passthrough") : estimatorFromJSON(json);
}

/** A {@link ColumnTransformer} whose transformers are named after their classes, in lower case; repeated ones are numbered. */
export function makeColumnTransformer(
  transformers: readonly (readonly [transformer: ColumnsEstimator | TransformingEstimator, columns: ColumnSpec])[],
  options: Partial<Omit<ColumnTransformerParams, "transformers">> = {},
): ColumnTransformer {
  const names = namesByKind(transformers.map(([one]) => one));
  return new ColumnTransformer({
    ...options,
    transformers: transformers.map(([one, columns], k): ColumnTransformerPart => [
      names[k] as string,
      one as ColumnsEstimator,
      columns,
    ]),
  });
}
