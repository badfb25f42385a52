// Writes docs/estimators.md from the parameter tables of every exported estimator. `--check` only compares.
import { readFileSync, writeFileSync } from "node:fs";

const lists = await Promise.all(
  [
    ["partwise/models", "../dist/models/index.js"],
    ["partwise/preprocessing", "../dist/preprocessing/index.js"],
    ["partwise", "../dist/src/index.js"],
  ].map(async ([entry, path]) => [entry, await import(new URL(path, import.meta.url).href)]),
);

const cell = (text) => String(text).replaceAll("|", "\\|").replaceAll("\n", " ");
const rule = (schema) => {
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(", ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf) return schema.anyOf.map(rule).join(" or ");
  const bounds = [
    schema.minimum !== undefined && `>= ${schema.minimum}`,
    schema.exclusiveMinimum !== undefined && `> ${schema.exclusiveMinimum}`,
    schema.maximum !== undefined && schema.maximum < 2 ** 53 - 1 && `<= ${schema.maximum}`,
    schema.exclusiveMaximum !== undefined && `< ${schema.exclusiveMaximum}`,
  ].filter(Boolean);
  return [schema.type ?? "any", ...bounds].join(" ");
};

const sections = [];
for (const [entry, exports] of lists) {
  for (const [name, Class] of Object.entries(exports)) {
    if (typeof Class !== "function" || typeof Class.table?.describe !== "function") continue;
    const rows = Class.table
      .describe()
      .map(
        ({ name: parameter, default: value, rule: schema, description }) =>
          `| \`${parameter}\` | ${cell(rule(schema))} | ${value === undefined ? "required" : `\`${cell(JSON.stringify(value) ?? "none")}\``} | ${cell(description)} |`,
      );
    sections.push([
      name,
      `## ${name}\n\n\`import { ${name} } from "${entry}"\`\n\n` +
        (rows.length > 0
          ? `| parameter | rule | default | |\n|---|---|---|---|\n${rows.join("\n")}\n`
          : "No parameters.\n"),
    ]);
  }
}
sections.sort(([a], [b]) => (a < b ? -1 : 1));
const text =
  "# Estimators and their parameters\n\nMade from the parameter tables by `npm run docs`. What each computes, its errors and its differences from scikit-learn stand in its docstring.\n\n" +
  sections.map(([, section]) => section).join("\n");

const file = new URL("../docs/estimators.md", import.meta.url);
if (process.argv.includes("--check")) {
  if (readFileSync(file, "utf8") !== text) {
    console.error("docs/estimators.md is not up to date: run `npm run docs`.");
    process.exit(1);
  }
} else writeFileSync(file, text);
