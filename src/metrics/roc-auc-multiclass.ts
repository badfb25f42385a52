import { DataError, show } from "../base/errors.js";
import { mergeBinaryTables, type BinaryTable } from "../numeric/binary-table.js";
import { CompensatedSum } from "../numeric/compensated-sum.js";
import { CLASS_SCORES_STEP, mergeClassScores, type ClassScoreTables } from "./class-score-steps.js";
import { requireVector } from "./inputs.js";
import type { Label, MetricKernel } from "./metric-kernel.js";
import { checkLabels, oneOf } from "./options.js";
import { meanOf } from "./precision-recall.js";

/** Each class against all others, or each pair of classes. */
export type MultiClass = "ovr" | "ovo";

/** What `rocAucScore` takes for more than two classes. */
export interface MulticlassAucOptions {
  readonly multiClass: MultiClass;
  /** Mean over the classes or pairs ("macro", unless given), or by their weight in yTrue. */
  readonly average?: "macro" | "weighted" | undefined;
  /** All classes, one a column in ascending order, whatever the order here; those in yTrue unless given. */
  readonly labels?: readonly Label[] | undefined;
}

/** `rocAucScore` of several classes as part of a pass. */
export function rocAucMulticlassKernel(options: MulticlassAucOptions): MetricKernel<ClassScoreTables, number> {
  const name = "rocAucScore";
  const kind = oneOf<MultiClass | "none">(name, "multiClass", options.multiClass, "none", ["ovr", "ovo"]);
  const average = oneOf(name, "average", options.average, "macro", ["macro", "weighted"]);
  const labels = checkLabels(name, options.labels);
  return {
    name,
    needs: ["yTrue", "yScore"],
    textLabels: true,
    labels,
    step: CLASS_SCORES_STEP,
    args: () => undefined,
    check(inputs) {
      requireVector(name, "yTrue", inputs.yTrue);
      const columns = inputs.yScore?.width ?? 0;
      if (columns < 2 || (labels && labels.length !== columns)) {
        throw new DataError(
          `${name}: yScore has ${columns} column(s), but multiClass needs one a class${labels ? ` of labels, which names ${labels.length}` : ""}. Pass the probabilities of all classes.`,
        );
      }
    },
    combine: (a, b) => mergeClassScores(name, a, b),
    finish(total, { codes, inputs }) {
      const classes = inputs.yScore?.width ?? 0;
      const wanted = labels?.map((label) => codes.encode(name, label)).sort((a, b) => a - b) ?? total.labels;
      const unknown = total.labels.find((code) => !wanted.includes(code));
      const absent = wanted.find((code) => !total.labels.includes(code));
      if (unknown !== undefined || absent !== undefined || wanted.length !== classes) {
        throw new DataError(
          `${name}: yTrue has the classes ${show(total.labels.map((code) => codes.decode(code)))}, but yScore has columns for ${classes}${labels ? ` (${show(labels)})` : ""}. Every class needs rows and a column.`,
        );
      }
      // Entry (i, j): scores of class i in column j.
      const at = (i: number, j: number): BinaryTable => total.tables[i]?.[j] as BinaryTable;
      const weight = total.tables.map((tables) => weightOf(tables[0] as BinaryTable));
      const scores: number[] = [];
      const weights: number[] = [];
      if (kind === "ovr") {
        for (let c = 0; c < classes; c++) {
          const others = total.tables.filter((_, i) => i !== c).map((tables) => tables[c] as BinaryTable);
          scores.push(
            areaOf(
              name,
              at(c, c),
              others.reduce((a, b) => mergeBinaryTables(name, a, b)),
            ),
          );
          weights.push(weight[c] as number);
        }
      } else {
        for (let a = 0; a < classes; a++) {
          for (let b = a + 1; b < classes; b++) {
            scores.push((areaOf(name, at(a, a), at(b, a)) + areaOf(name, at(b, b), at(a, b))) / 2);
            weights.push((weight[a] as number) + (weight[b] as number));
          }
        }
      }
      return meanOf(scores, average === "weighted" ? weights : undefined);
    },
  };
}

function weightOf(table: BinaryTable): number {
  const sum = new CompensatedSum();
  for (const value of table.second) sum.add(value);
  return sum.value;
}

/** The statistic of Mann and Whitney: the chance that a positive score is above a negative one, ties counted half. */
function areaOf(owner: string, positive: BinaryTable, negative: BinaryTable): number {
  const both = mergeBinaryTables(owner, positive, { ...negative, first: negative.second, second: negative.first });
  const wins = new CompensatedSum();
  const below = new CompensatedSum();
  for (let k = 0; k < both.score.length; k++) {
    const beside = both.first[k] as number;
    wins.add((both.second[k] as number) * (below.value + beside / 2));
    below.add(beside);
  }
  return wins.value / weightOf(positive) / below.value;
}
