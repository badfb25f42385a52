import { DataError } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { asDoubles } from "../src/estimator/design-tasks.js";
import { Design, type FitOptions } from "../src/estimator/design.js";
import type { EstimatorJson, FittedInput } from "../src/estimator/estimator.js";
import type { LabelInput, MatrixInput, VectorInput } from "../src/estimator/inputs.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { addRowStep } from "../src/estimator/row-steps.js";
import { Transformer } from "../src/estimator/transformer.js";
import type { Column, DenseChunk } from "../src/memory/column.js";
import { noRows } from "../src/estimator/no-rows.js";

const PARTS = ["year", "quarter", "month", "day", "dayOfYear", "weekday", "hour", "minute", "second"] as const;

/** A part of a date. */
export type DatePart = (typeof PARTS)[number];

/** Parameters of {@link DateFeatures}. */
export interface DateFeaturesParams {
  features: readonly DatePart[];
  cyclic: boolean;
}

const TABLE = new ParamTable<DateFeaturesParams>("DateFeatures", (z) =>
  z.object({
    features: z
      .array(z.enum(PARTS))
      .min(1)
      .default(["month", "day", "weekday", "hour"])
      .describe("parts of each date, in the order of the output"),
    cyclic: z
      .boolean()
      .default(false)
      .describe("whether a part that comes round again becomes the sine and cosine of its angle"),
  }),
);

/** First value and number of values of the parts that come round again. */
const CYCLES: Readonly<Record<DatePart, readonly [first: number, period: number] | undefined>> = {
  year: undefined,
  quarter: [1, 4],
  month: [1, 12],
  day: [1, 31],
  dayOfYear: [1, 366],
  weekday: [1, 7],
  hour: [0, 24],
  minute: [0, 60],
  second: [0, 60],
};

/**
 * Parts of dates as numbers: year, quarter (1 to 4), month (1 to 12), day (1 to 31), day of the year (1 to 366), weekday (1,
 * Monday, to 7), hour, minute, second; all in UTC and the Gregorian calendar. With `cyclic`, a part v of period P becomes
 * `sin 2π(v − first)/P` and `cos 2π(v − first)/P`, so that December is beside January; the year stays.
 *
 * X: columns of dates or date-times of a frame, or of milliseconds since 1970-01-01 UTC; null and NaN give NaN. Output
 * columns are called `column_part`, `column_part_sin` and `column_part_cos`. `fit` learns nothing but the columns' names; its
 * one pass refuses infinities. `transform` is lazy for distributed X and gives f64. scikit-learn has no such transformer.
 *
 * @example
 * ```ts
 * const parts = await new DateFeatures({ features: ["hour", "weekday"] }).fit(frame.select("departure"));
 * parts.getFeatureNamesOut(); // ["departure_hour", "departure_weekday"]
 * ```
 */
export class DateFeatures extends Transformer<DateFeaturesParams, FittedInput> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<DateFeaturesParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): DateFeatures {
    return new DateFeatures().restore(json);
  }

  /** @throws DataError for infinities, sparse X, or no rows */
  async fit(X: MatrixInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "DateFeatures.fit";
    using design = Design.open(owner, X, undefined, options);
    if (design.layout === "csr")
      throw new DataError(`${owner}: X is sparse, but dates are not. Pass a frame or a dense array.`);
    const look = fnRef(new URL("../src/estimator/design-tasks.js", import.meta.url).href, "locateInfinite");
    const rows = await design.reduce<number>(look, { owner, names: design.names }, (a, b) => a + b);
    if (rows === 0) throw noRows(owner);
    this.setState(design.columns);
    return this;
  }

  override getFeatureNamesOut(): string[] {
    const { features, cyclic } = this.params;
    return super
      .getFeatureNamesOut()
      .flatMap((name) =>
        features.flatMap((part) =>
          cyclic && CYCLES[part] ? [`${name}_${part}_sin`, `${name}_${part}_cos`] : [`${name}_${part}`],
        ),
      );
  }

  protected transformArray(x: DistributedArray): DistributedArray {
    const { features, cyclic } = this.params;
    const names = this.getFeatureNamesOut();
    return x.mapChunks(
      "DateFeatures",
      fnRef(import.meta.url, "datePartsStep"),
      { features: [...features], cyclic, width: names.length },
      { innerShape: [names.length], names },
    );
  }
}

registerEstimator("DateFeatures", DateFeatures);

const DAY = 86_400_000;

/** Parts of the dates of one partition, given in milliseconds. */
export function datePartsStep(
  context: TaskContext,
  args: { features: readonly DatePart[]; cyclic: boolean; width: number },
  x: DenseChunk,
): DenseChunk {
  const out = context.memory.dense("f64", x.rows, args.width);
  let next = 0;
  const target = (): Float64Array => context.memory.view(out.columns[next++] as Column<"f64">);
  for (const column of x.columns) {
    const times = context.memory.view(asDoubles(context, column));
    for (const part of args.features) {
      const cycle = args.cyclic ? CYCLES[part] : undefined;
      if (!cycle) {
        const values = target();
        for (let i = 0; i < times.length; i++) values[i] = datePart(part, times[i] as number);
        continue;
      }
      const [first, period] = cycle;
      const [sin, cos] = [target(), target()];
      for (let i = 0; i < times.length; i++) {
        const angle = (2 * Math.PI * (datePart(part, times[i] as number) - first)) / period;
        sin[i] = Math.sin(angle);
        cos[i] = Math.cos(angle);
      }
    }
  }
  return out;
}

function datePart(part: DatePart, time: number): number {
  const days = Math.floor(time / DAY);
  const rest = time - days * DAY;
  switch (part) {
    case "hour":
      return Math.floor(rest / 3_600_000);
    case "minute":
      return Math.floor(rest / 60_000) % 60;
    case "second":
      return Math.floor(rest / 1000) % 60;
    case "weekday":
      // 1970-01-01 was a Thursday.
      return ((((days + 3) % 7) + 7) % 7) + 1;
    default:
      return calendarPart(part, days);
  }
}

// Days since 1970 to the Gregorian calendar by eras of 400 years that start on 1 March (Hinnant's civil_from_days).
function calendarPart(part: "year" | "quarter" | "month" | "day" | "dayOfYear", days: number): number {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayFromMarch = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayFromMarch + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  if (part === "year") return year;
  if (part === "month") return month;
  if (part === "quarter") return Math.floor((month - 1) / 3) + 1;
  if (part === "day") return dayFromMarch - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 1 : 0;
  // 306 days run from 1 March to the end of the year, 59 or 60 before it.
  return dayFromMarch < 306 ? dayFromMarch + 60 + leap : dayFromMarch - 305;
}

addRowStep<{ features: readonly DatePart[]; cyclic: boolean }>(
  fnRef(import.meta.url, "datePartsStep"),
  ({ features, cyclic }) =>
    (row) =>
      Float64Array.from(
        Array.from(row as Float64Array, (time) =>
          features.map((part) => {
            const value = datePart(part, time);
            const cycle = cyclic ? CYCLES[part] : undefined;
            if (!cycle) return [value];
            const angle = (2 * Math.PI * (value - cycle[0])) / cycle[1];
            return [Math.sin(angle), Math.cos(angle)];
          }),
        ).flat(2),
      ),
);
