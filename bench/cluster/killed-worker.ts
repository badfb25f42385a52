import { LogisticRegression } from "../../models/index.js";
import { connect, setEngine, startCluster } from "../../src/index.js";
import { python } from "../harness/places.js";
import { problem } from "./problem.js";

// Prints the milliseconds that a fit loses when one of two workers is killed in its middle, beside the time that making
// the lost half of the data again and doing the rest of the passes with one worker takes.
await using cluster = await startCluster({ workers: 2, python });
const engine = await connect(cluster.address, { python });
setEngine(engine);

const PASSES = 40;
const { X, y } = problem();
const held = await X.persist();
const labels = await y.persist();
const fit = async (onPass: (pass: number) => void): Promise<{ ms: number; bits: string }> => {
  let pass = 0;
  const start = performance.now();
  const model = new LogisticRegression({ solver: "lbfgs", tol: 1e-12, maxIter: PASSES });
  await model.fit(held, labels, { onProgress: () => onPass(++pass) });
  return { ms: performance.now() - start, bits: JSON.stringify(model.toJSON()) };
};

await fit(() => {});
const calm = await fit(() => {});

// What making half of the data takes on the one worker that is left.
const again = problem();
const start = performance.now();
await (await again.X.persist()).release();
const making = performance.now() - start;

let told = 0;
let killedAt = 0;
const killed = await fit((pass) => {
  told = pass;
  if (pass === Math.floor(PASSES / 2)) {
    killedAt = pass;
    void cluster.kill(0);
  }
});
if (killedAt === 0) throw new Error(`the fit ended after ${told} passes, before its worker was to be killed`);
if (killed.bits !== calm.bits) throw new Error("the fit with a killed worker ended with other bits");
// The passes after the kill have one worker instead of two.
const halved = calm.ms * (1 - killedAt / told);
await engine.close();
process.stdout.write(`${killed.ms - calm.ms - halved - making}\n`);
