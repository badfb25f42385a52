import { makeClassification } from "../../datasets/index.js";

/** The data of the scripts that need no peer: 8 partitions of 250,000 rows, made where they are needed. */
export function problem(): ReturnType<typeof makeClassification> {
  return makeClassification({ nSamples: 2_000_000, nFeatures: 20, nInformative: 10, partitions: 8, randomState: 7 });
}
