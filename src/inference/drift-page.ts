import type { DriftReport } from "./drift.js";

/** A drift report as a page of its own: one table, no scripts, nothing from elsewhere. */
export function driftPage(report: DriftReport): string {
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  const rows = report.columns.map(
    (column) =>
      `<tr class="${column.level}"><td>${escape(column.column)}</td><td>${column.kind}</td><td>${column.psi.toFixed(3)}</td>` +
      `<td>${percent(column.missingShare)}</td><td>${percent(column.trainingMissingShare)}</td><td>${percent(column.outsideShare)}</td>` +
      `<td>${escape(column.reasons.join("; ") || "ok")}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Drift</title>
<style>
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem; color: #222; }
table { border-collapse: collapse; }
th, td { padding: 0.3rem 0.8rem; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child, th:last-child, td:last-child { text-align: left; }
.warn td { background: #fff3d6; }
.fail td { background: #fde0dc; }
</style>
<h1>Drift: ${report.level}</h1>
<p>${report.rows.toLocaleString("en")} scored rows looked at, against ${report.trainingRows.toLocaleString("en")} training rows.</p>
<table>
<thead><tr><th>column</th><th>kind</th><th>stability index</th><th>missing</th><th>missing in training</th><th>outside training</th><th>remarks</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>
</html>
`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
