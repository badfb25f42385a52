// What a first user does: load iris, fit, score. The harness times the process from start to exit.
import { readFileSync } from "node:fs";
import { LogisticRegression } from "../../models/index.js";

const file = new URL("../../../datasets/data/iris.json", import.meta.url);
const iris = JSON.parse(readFileSync(file, "utf8")) as { columns: number[][]; target: number[] };
// The binary problem of the two classes that overlap.
const columns = iris.columns.map((column) => Float64Array.from(column.slice(50)));
const target = iris.target.slice(50);
const rows = target.map((_, i) => columns.map((column) => column[i] ?? Number.NaN));
const model = await new LogisticRegression().fit(rows, target);
console.log(model.coef.length);
