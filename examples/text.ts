// Tells what a snippet is, prose, a script or declarations, from its words: real text from the packages installed here.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DistributedDataFrame, makePipeline } from "partwise";
import { trainTestSplit } from "partwise/model-selection";
import { LogisticRegression } from "partwise/models";
import { TfidfVectorizer } from "partwise/preprocessing";

const KINDS = { ".md": "prose", ".js": "script", ".d.ts": "declarations" };
const LINES = 8;
const SNIPPETS_A_FILE = 12;
const FILES_A_KIND = 120;

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => !name.includes("node_modules"))
    .sort()
    .map((name) => join(folder, name));
}

const packages = ["apache-arrow", "fast-check", "vitest", "zod", "piscina", "commander", "yaml", "chai", "ml-matrix"];
const files = packages
  .map((name) => join("node_modules", name))
  .filter(existsSync)
  .flatMap(filesBelow);
const text: string[] = [];
const kind: string[] = [];
for (const [ending, label] of Object.entries(KINDS)) {
  for (const file of files.filter((name) => name.endsWith(ending)).slice(0, FILES_A_KIND)) {
    const lines = readFileSync(file, "utf8").split("\n");
    for (let k = 0; k < SNIPPETS_A_FILE && (k + 1) * LINES <= lines.length; k++) {
      text.push(lines.slice(k * LINES, (k + 1) * LINES).join("\n"));
      kind.push(label);
    }
  }
}

const snippets = DistributedDataFrame.fromColumns({ text, kind }, { partitions: 4 });
const { train, test } = await trainTestSplit({ X: snippets.select("text"), y: snippets.column("kind") });

// Words and pairs of words that three snippets or more have; rows stay sparse from the vectorizer to the solver.
const vectorizer = new TfidfVectorizer({ ngramRange: [1, 2], minDf: 3, sublinearTf: true });
const model = makePipeline(vectorizer, new LogisticRegression({ C: 10, maxIter: 500 }));
await model.fit(train.X, train.y);

const words = vectorizer.getFeatureNamesOut();
console.log(
  `${text.length} snippets, ${words.length} terms; most common: ${commonest(words, vectorizer.idf).join(", ")}`,
);
console.log("accuracy", await model.score(test.X, test.y));
console.log(
  await model.predict([
    "export declare function parse(text: string): Node;",
    "# Getting started\n\nInstall the package and see the documentation for more.",
  ]),
);

/** Terms of the smallest weights. */
function commonest(terms: readonly string[], idf: Float64Array): string[] {
  return terms
    .map((term, j) => ({ term, weight: idf[j] ?? 0 }))
    .sort((a, b) => a.weight - b.weight || (a.term < b.term ? -1 : 1))
    .slice(0, 5)
    .map(({ term }) => term);
}
