import { ParameterError, show } from "../base/errors.js";
import type { ClassSums } from "./class-sums-steps.js";
import type { LabelValues } from "./inputs.js";
import type { Label, MetricKernel } from "./metric-kernel.js";
import { metricPass, type MetricOptions } from "./metric-pass.js";
import { checkLabels, checkOptions } from "./options.js";
import { classSumsBase, meanOf } from "./precision-recall.js";

/** Scores of one class, or an average of them. */
export interface ClassScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1Score: number;
  /** Weight of the rows of the class in yTrue; of all classes for an average. */
  readonly support: number;
}

/** What {@link classificationReport} found. */
export interface ClassificationReport {
  /** One entry a class, in the order of `labels`. */
  readonly classes: readonly (ClassScores & { readonly label: Label })[];
  /**
   * Share of the rows that agree; absent when `labels` leaves out a class that occurs, and then there is `microAvg`.
   */
  readonly accuracy: number | undefined;
  /** Scores over all decisions about the listed classes together. */
  readonly microAvg: ClassScores;
  /** Mean of the classes' scores. */
  readonly macroAvg: ClassScores;
  /** Mean of the classes' scores by support. */
  readonly weightedAvg: ClassScores;
  /** The table as text, like scikit-learn's. */
  readonly text: string;
}

/** What {@link classificationReport} takes beside the options of every metric. */
export interface ReportKernelOptions {
  /** The classes to report, in this order; all that occur, ascending, unless given. */
  readonly labels?: readonly Label[] | undefined;
  /** Names of the classes in the text; the labels unless given. */
  readonly targetNames?: readonly string[] | undefined;
  /** Digits after the point in the text: 2 unless given. */
  readonly digits?: number | undefined;
}

/** Options of {@link classificationReport}. */
export interface ReportOptions extends MetricOptions, ReportKernelOptions {}

/** {@link classificationReport} as part of a pass. */
export function classificationReportKernel(
  options: ReportKernelOptions = {},
): MetricKernel<ClassSums, ClassificationReport> {
  const name = "classificationReport";
  const labels = checkLabels(name, options.labels);
  const digits = options.digits ?? 2;
  if (!Number.isInteger(digits) || digits < 0 || digits > 17) {
    throw new ParameterError(`${name}: digits must be an integer from 0 to 17; got ${show(digits)}.`);
  }
  return {
    ...classSumsBase(name),
    labels,
    finish(total, { codes }) {
      const wanted = labels?.map((label) => codes.encode(name, label)) ?? [...total.labels];
      const names = options.targetNames ?? wanted.map((code) => String(codes.decode(code)));
      if (names.length !== wanted.length) {
        throw new ParameterError(
          `${name}: targetNames has ${names.length} names for ${wanted.length} classes. Name each class once.`,
        );
      }
      const sums = wanted.map((code) => {
        const k = total.labels.indexOf(code);
        return [total.hits[k] ?? 0, total.predicted[k] ?? 0, total.actual[k] ?? 0] as const;
      });
      const classes = sums.map((own, k) => ({ label: codes.decode(wanted[k] as number), ...scoresOf(own) }));
      const all = [0, 1, 2].map((j) => sums.reduce((sum, own) => sum + (own[j] as number), 0));
      const microAvg = scoresOf(all as unknown as Sums);
      const complete = total.labels.every((code) => wanted.includes(code));
      const weight = total.actual.reduce((sum, value) => sum + value, 0);
      const parts = {
        classes,
        accuracy: complete ? (all[0] as number) / weight : undefined,
        microAvg,
        macroAvg: averaged(classes),
        weightedAvg: averaged(
          classes,
          classes.map((one) => one.support),
        ),
      };
      return { ...parts, text: textOf(parts, names, digits) };
    },
  };
}

/**
 * Precision, recall, F1 and support of every class, and their averages, as a record and as the text that scikit-learn
 * prints. A division by 0 scores 0. One pass, shared with {@link precisionScore} and its relatives in `metricPass`.
 *
 * @example
 * ```ts
 * const report = await classificationReport(["cat", "dog", "dog"], ["cat", "dog", "cat"]);
 * console.log(report.macroAvg.f1Score, report.text);
 * ```
 */
export async function classificationReport(
  yTrue: LabelValues,
  yPred: LabelValues,
  options: ReportOptions = {},
): Promise<ClassificationReport> {
  checkOptions("classificationReport", options, ["labels", "targetNames", "digits"]);
  const [report] = await metricPass(
    [classificationReportKernel(options)],
    { yTrue, yPred, sampleWeight: options.sampleWeight },
    options,
  );
  return report;
}

type Sums = readonly [hits: number, predicted: number, actual: number];

function scoresOf([hits, predicted, actual]: Sums): ClassScores {
  const ratio = (above: number, below: number): number => (below === 0 ? 0 : above / below);
  return {
    precision: ratio(hits, predicted),
    recall: ratio(hits, actual),
    f1Score: ratio(2 * hits, predicted + actual),
    support: actual,
  };
}

function averaged(classes: readonly ClassScores[], weights?: readonly number[]): ClassScores {
  const mean = (of: (scores: ClassScores) => number): number => meanOf(classes.map(of), weights);
  return {
    precision: mean((s) => s.precision),
    recall: mean((s) => s.recall),
    f1Score: mean((s) => s.f1Score),
    support: classes.reduce((sum, s) => sum + s.support, 0),
  };
}

function textOf(report: Omit<ClassificationReport, "text">, names: readonly string[], digits: number): string {
  const width = Math.max("weighted avg".length, digits, ...names.map((name) => name.length));
  const cell = (text: string): string => ` ${text.padStart(9)}`;
  const shown = (value: number): string => {
    const text = String(value);
    return Number.isInteger(value)
      ? text
      : value.toFixed(Math.min(12, Math.max(1, text.length - text.indexOf(".") - 1)));
  };
  const line = (name: string, scores: ClassScores): string =>
    `${name.padStart(width)} ${cell(scores.precision.toFixed(digits))}${cell(scores.recall.toFixed(digits))}${cell(scores.f1Score.toFixed(digits))}${cell(shown(scores.support))}\n`;
  const header = `${"".padStart(width)} ${["precision", "recall", "f1-score", "support"].map(cell).join("")}\n\n`;
  const body = report.classes.map((scores, k) => line(names[k] as string, scores)).join("");
  const first =
    report.accuracy === undefined
      ? line("micro avg", report.microAvg)
      : `${"accuracy".padStart(width)} ${cell("")}${cell("")}${cell(report.accuracy.toFixed(digits))}${cell(shown(report.macroAvg.support))}\n`;
  return `${header}${body}\n${first}${line("macro avg", report.macroAvg)}${line("weighted avg", report.weightedAvg)}`;
}
