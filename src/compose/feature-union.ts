import { ParamTable } from "../base/params.js";
import type { PlainRecord } from "../base/plain.js";
import { Estimator, type EstimatorJson } from "../estimator/estimator.js";
import type { TransformingEstimator } from "../estimator/frame-transformer.js";
import { registerEstimator } from "../estimator/registry.js";
import type { Table } from "../estimator/table.js";
import { decodeEstimator, encodeEstimator, type ColumnsEstimator } from "./column-transformer.js";
import { namesByKind } from "./names-by-kind.js";
import { checkParts, checkWeights, isNaming } from "./part-names.js";
import { PartsTransformer, type PartEstimator, type ResolvedPart } from "./parts-transformer.js";

/** Parameters of {@link FeatureUnion}. */
export interface FeatureUnionParams {
  transformerList: readonly (readonly [name: string, transformer: ColumnsEstimator])[];
  transformerWeights: Readonly<Record<string, number>> | null;
  verboseFeatureNamesOut: boolean | string;
}

const TABLE = new ParamTable<FeatureUnionParams>("FeatureUnion", (z) => {
  const transformer = z.union([
    z.enum(["drop", "passthrough"]),
    z.custom((value) => value instanceof Estimator, "must be a transformer"),
  ]);
  return z.object({
    transformerList: z
      .array(z.tuple([z.string().min(1), transformer]))
      .min(1)
      .describe("[name, transformer] in the order of the output"),
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

/**
 * Several transformers of the same columns, their results side by side. `fit` reads X once and keeps it while the
 * transformers are fitted; `transform` is lazy, and one task a partition. The result is in compressed rows where any part is.
 *
 * Differs from scikit-learn: no `n_jobs` (partitions run side by side anyway).
 *
 * @example
 * ```ts
 * const union = await makeUnion(new StandardScaler(), new MinMaxScaler()).fit(X);
 * union.getFeatureNamesOut(); // ["standardscaler__x0", "minmaxscaler__x0"]
 * ```
 */
export class FeatureUnion extends PartsTransformer<FeatureUnionParams> {
  static readonly table = TABLE;

  /** @throws ParameterError for no transformers, a repeated name, or one that cannot transform */
  constructor(params: Pick<FeatureUnionParams, "transformerList"> & Partial<FeatureUnionParams>) {
    super(TABLE, params);
    this.checkParams(this.params);
  }

  static fromJSON(json: EstimatorJson): FeatureUnion {
    return new FeatureUnion({ transformerList: [["placeholder", "drop"]] }).restore(json);
  }

  override clone(): this {
    const transformerList = this.params.transformerList.map(
      ([name, one]) => [name, typeof one === "string" ? one : one.clone()] as const,
    );
    return new FeatureUnion({ ...this.params, transformerList }) as this;
  }

  protected namedParts(): readonly (readonly [string, PartEstimator])[] {
    return this.params.transformerList as readonly (readonly [string, PartEstimator])[];
  }

  // Sparse as soon as a part is: scikit-learn's union does not weigh the density.
  protected get threshold(): number {
    return Infinity;
  }

  protected get naming(): boolean | string {
    return this.params.verboseFeatureNamesOut;
  }

  protected get weights(): Readonly<Record<string, number>> | null {
    return this.params.transformerWeights;
  }

  protected withPart(name: string, estimator: PartEstimator): Partial<FeatureUnionParams> {
    return {
      transformerList: this.params.transformerList.map((part) =>
        part[0] === name ? ([name, estimator as ColumnsEstimator] as const) : part,
      ),
    };
  }

  protected checkParams({ transformerList, transformerWeights }: Readonly<FeatureUnionParams>): void {
    checkParts("FeatureUnion", transformerList);
    checkWeights(
      "FeatureUnion",
      transformerWeights,
      transformerList.map(([name]) => name),
    );
  }

  protected resolve(_owner: string, table: Table): ResolvedPart[] {
    const columns = table.columns.map((_, j) => j);
    return this.namedParts().map(([name, estimator]) => ({ name, estimator, columns }));
  }

  protected override encodeParams(params: Readonly<FeatureUnionParams>): unknown {
    return { ...params, transformerList: params.transformerList.map(([name, one]) => [name, encodeEstimator(one)]) };
  }

  protected override decodeParams(plain: PlainRecord): Partial<FeatureUnionParams> {
    const list = plain["transformerList"] as unknown as [string, EstimatorJson | string][];
    return {
      ...(plain as Partial<FeatureUnionParams>),
      transformerList: list.map(([name, one]) => [name, decodeEstimator(one)] as const),
    };
  }
}

registerEstimator("FeatureUnion", FeatureUnion);

/** A {@link FeatureUnion} whose transformers are named after their classes, in lower case; repeated ones are numbered. */
export function makeUnion(...transformers: readonly (ColumnsEstimator | TransformingEstimator)[]): FeatureUnion {
  const names = namesByKind(transformers);
  return new FeatureUnion({
    transformerList: transformers.map((one, k) => [names[k] as string, one as ColumnsEstimator] as const),
  });
}
