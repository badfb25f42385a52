import { describe, expect, it } from "vitest";
import { kernelNames, type Kernels } from "#src/kernels/kernels.js";
import { boostLossCases } from "./boost-loss-cases.js";
import { csrCases } from "./csr-cases.js";
import { csvCases } from "./csv-cases.js";
import { glmCases } from "./glm-cases.js";
import { histogramCases } from "./histogram-cases.js";
import { KernelHarness, lengths, type Flavour } from "./kernel-harness.js";
import { matrixCases, type TwinCase } from "./matrix-cases.js";
import { sgdCases } from "./sgd-cases.js";
import { softmaxCases } from "./softmax-cases.js";
import { transformCases } from "./transform-cases.js";
import { textCases } from "./text-cases.js";
import { treeCases } from "./tree-cases.js";
import { vectorCases } from "./vector-cases.js";

const cases: Readonly<Record<keyof Kernels, TwinCase>> = {
  ...matrixCases,
  ...glmCases,
  ...softmaxCases,
  ...sgdCases,
  ...csrCases,
  ...csvCases,
  ...boostLossCases,
  ...histogramCases,
  ...treeCases,
  ...transformCases,
  ...textCases,
  ...vectorCases,
};
const harness = new KernelHarness();
const flavours: readonly Flavour[] = ["plain", "special"];

describe("kernels against their plain twins", () => {
  it("cover every kernel of the record", () => {
    expect(Object.keys(cases).toSorted()).toEqual([...kernelNames].toSorted());
  });

  describe.each(Object.entries(cases))("%s", (name, run) => {
    it.each(flavours)("agrees with its twin on %s values of all lengths and alignments", (flavour) => {
      harness.called.clear();
      for (const n of lengths) run(harness, n, flavour);
      expect(harness.called, "the case calls its kernel").toContain(name);
    });
  });
});
