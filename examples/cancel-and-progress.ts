/** Everything long takes a signal and tells how far it is; a stopped fit leaves the model as it was. */
import { AbortedError } from "partwise";
import { makeRegression } from "partwise/datasets";
import { LinearRegression } from "partwise/models";

const { X, y } = makeRegression({ nSamples: 1_000_000, nFeatures: 10, partitions: 50 });
const model = new LinearRegression();
const stop = new AbortController();
try {
  await model.fit(X, y, {
    signal: stop.signal,
    onProgress: ({ stage, done, total }) => {
      console.log(`${stage} ${done}/${total}`);
      if (done === 5) stop.abort();
    },
  });
} catch (error) {
  if (!(error instanceof AbortedError)) throw error;
  console.log(error.message);
}
console.log("fitted:", model.isFitted);
