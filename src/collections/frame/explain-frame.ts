import { numberFields } from "../../io/csv-part.js";
import { openSource } from "../../io/open-source.js";
import { explainPlan } from "../explain.js";
import { planOf, type FrameState } from "./frame-state.js";
import type { PolarsLazyFrame } from "./polars.js";
import { applyVerbs, columnsNeeded } from "./verbs.js";

/** The plan as text, with Polars' own plan of one partition. Opens a file's metadata at most. */
export function explainFrame(state: FrameState): string {
  const { source, verbs } = state;
  const lines = [explainPlan(planOf(state))];
  const needed = columnsNeeded(verbs, state.sourceColumns);
  if (source.kind === "reader") lines.push(`Columns read: ${(needed ?? state.sourceColumns).join(", ")}.`);
  if (source.kind === "reader" && source.columnar && source.partitions > 0) {
    const scan = openSource(source.part(0), verbs) as PolarsLazyFrame;
    lines.push("Polars query of partition 0:", applyVerbs(scan, verbs, 0).describeOptimizedPlan());
  } else if (verbs.length > 0)
    lines.push(`Verbs, one Polars query a partition: ${verbs.map((call) => call.verb).join(", ")}.`);
  if (source.kind === "reader" && source.partitions > 0) {
    const part = source.part(0);
    if (part.format === "csv" && numberFields({ ...part, columns: needed ?? null }))
      lines.push(
        "All columns are numbers: they are parsed straight into columns of arrays, which a choice of columns shares. " +
          "Polars parses partitions with quotes or with fields that are no numbers, and does other verbs.",
      );
  }
  return lines.join("\n");
}
