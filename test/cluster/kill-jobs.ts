import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeClassification } from "#datasets/index.js";
import { HistGradientBoostingClassifier, LogisticRegression } from "#models/index.js";
import { type Progress, scoreDataset } from "#src/index.js";
import { GridSearchCV } from "#src/model-selection/index.js";

/** A long piece of work on the default engine that ends in something two runs can be compared by. */
export interface KillJob {
  readonly name: string;
  run(onProgress: (progress: Progress) => void): Promise<unknown>;
}

function problem(nSamples: number) {
  // Generated where it is needed: a lost partition is made again from its seed.
  return makeClassification({
    nSamples,
    nFeatures: 12,
    nInformative: 6,
    nRedundant: 2,
    flipY: 0.2,
    partitions: 8,
    randomState: 5,
  });
}

const lbfgs: KillJob = {
  name: "an L-BFGS fit",
  async run(onProgress) {
    const { X, y } = problem(80_000);
    const model = await new LogisticRegression({ solver: "lbfgs", C: 10, tol: 1e-9, maxIter: 60 }).fit(X, y, {
      onProgress,
    });
    return model.toJSON();
  },
};

const boosting: KillJob = {
  name: "a boosting fit",
  async run(onProgress) {
    const { X, y } = problem(50_000);
    const model = await new HistGradientBoostingClassifier({ maxIter: 30, maxLeafNodes: 15 }).fit(X, y, {
      onProgress,
    });
    return model.toJSON();
  },
};

const search: KillJob = {
  name: "a search",
  async run(onProgress) {
    const { X, y } = problem(16_000);
    const found = await new GridSearchCV({
      estimator: new LogisticRegression({ maxIter: 50 }),
      paramGrid: { C: [0.001, 0.01, 0.1, 1, 10] },
      cv: 2,
    }).fit(X, y, { onProgress });
    const scores = Object.entries(found.cvResults).filter(([column]) => !column.endsWith("_time"));
    return { scores: Object.fromEntries(scores), best: found.bestIndex };
  },
};

const scoring: KillJob = {
  name: "a scoring run",
  async run(onProgress) {
    const folder = mkdtempSync(join(tmpdir(), "partwise-kill-"));
    try {
      const [input, output] = [join(folder, "in"), join(folder, "out")];
      mkdirSync(input);
      const rows = 10_000;
      for (let part = 0; part < 10; part++) {
        const lines = Array.from({ length: rows }, (_, i) => `${part * rows + i},${(i * 37) % 1000},${(i * i) % 777}`);
        writeFileSync(join(input, `part-${part}.csv`), `id,a,b\n${lines.join("\n")}\n`);
      }
      const model = await new LogisticRegression().fit({ a: [1, 500, 900, 30], b: [700, 10, 300, 600] }, [0, 1, 1, 0]);
      await scoreDataset({ model, input: join(input, "*.csv"), output, format: "csv", onProgress });
      const parts = readdirSync(output)
        .filter((name) => name.endsWith(".csv"))
        .sort();
      const hash = createHash("sha256");
      for (const name of parts) hash.update(name).update(readFileSync(join(output, name)));
      return { parts, hash: hash.digest("hex") };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** The work that is interrupted by killing. */
export const killJobs: readonly KillJob[] = [lbfgs, boosting, search, scoring];
