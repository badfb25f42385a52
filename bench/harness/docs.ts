import type { Results, Row } from "./types.js";
import { missedTarget } from "./rows.js";

const HEAD = `# Benchmarks

Made by \`npm run bench -- NAME\` from \`bench/results/*.json\`; do not edit. Peers run on the same machine in the same run:
one process a side, on the same data, alternating, after a warm-up run each; times are medians. What both sides computed
is compared before their times count. Ratio = theirs / ours: above 1, ours is faster. Peak is the largest resident memory
of the process in any of the runs, the data it holds included.

\`\`\`sh
npm run bench:setup           # once: the Python peers, into .venv
npm run bench -- foundation   # --only TEXT, --repeat N, --large, --scale 0.01; --check exits 1 when a target is missed
\`\`\`
`;

/** The whole of `docs/benchmarks.md`, a section a suite in the order of their names. */
export function renderBenchmarks(all: readonly Results[]): string {
  const sections = [...all].sort((a, b) => (a.name < b.name ? -1 : 1)).map(renderSuite);
  return [HEAD, ...sections].join("\n");
}

function renderSuite({ name, about, machine, rows }: Results): string {
  const table = [
    ["work", "peer", "ours", "theirs", "ratio", "target", "our peak", "their peak", "met", "date"],
    ["---", "---", "---:", "---:", "---:", "---:", "---:", "---:", "---", "---"],
    ...rows.map(cells),
  ];
  const versions = Object.entries(Object.assign({}, ...rows.map((row) => row.versions)) as Record<string, string>);
  return [
    `## ${name}`,
    "",
    about,
    "",
    `Machine: ${machine.cores} cores (${machine.cpu}), ${machine.ramGb} GB RAM, ${machine.platform}. Versions: ` +
      `${versions.map(([what, version]) => `${what} ${version}`).join(", ")}.`,
    "",
    ...table.map((row) => `| ${row.join(" | ")} |`),
    "",
  ].join("\n");
}

function cells(row: Row): string[] {
  return [
    row.work,
    row.peer ?? "-",
    typeof row.target === "object" && "maxPercent" in row.target ? `${row.oursMs} %` : time(row.oursMs),
    row.theirsMs === null ? "-" : time(row.theirsMs),
    row.ratio === null ? "-" : `${row.ratio}x`,
    targetText(row),
    memory(row.oursMb),
    memory(row.theirsMb),
    missedTarget(row) === undefined ? "yes" : "no",
    row.date.slice(0, 10),
  ];
}

function targetText({ target }: Row): string {
  if (typeof target === "number") return `${target}x`;
  if ("maxPercent" in target) return `at most ${target.maxPercent} %`;
  const parts = [
    target.maxMs === undefined ? [] : time(target.maxMs),
    target.maxMb === undefined ? [] : memory(target.maxMb),
  ];
  return `at most ${parts.flat().join(" and ")}`;
}

function time(ms: number): string {
  return ms >= 1000 ? `${Number((ms / 1000).toPrecision(3))} s` : `${ms} ms`;
}

function memory(mb: number | null): string {
  return mb === null ? "-" : `${mb} MB`;
}
