/** Learning from a stream: each batch is seen once and then gone, and the model can be asked at any time. */
import { SGDClassifier, type StreamBatch } from "partwise/models";

// What would come from a queue, a socket or a log file: visits with their pages, seconds and price, and what came of them.
async function* visits(batches: number): AsyncGenerator<StreamBatch<string[]>> {
  let state = 1;
  const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  for (let batch = 0; batch < batches; batch++) {
    const rows = Array.from({ length: 200 }, () => [random() - 0.5, random() - 0.5, random() - 0.5]);
    const y = rows.map(([pages = 0, seconds = 0, price = 0]) =>
      2 * pages + seconds - 1.5 * price + 0.2 * (random() - 0.5) > 0 ? "bought" : "left",
    );
    await new Promise((resolve) => setTimeout(resolve, 1));
    yield { X: rows, y };
  }
}

// Every batch first tests the model, then trains it: an honest score without rows set aside.
const model = new SGDClassifier({ loss: "log_loss", alpha: 1e-4, average: 500 });
let right = 0;
let seen = 0;
for await (const { X, y } of visits(20)) {
  if (model.isFitted) {
    right += (await model.score(X, y)) * y.length;
    seen += y.length;
  }
  await model.partialFit(X, y, { classes: ["left", "bought"] });
}
console.log(`${seen} visits predicted before they were learned from, ${((100 * right) / seen).toFixed(1)} % right`);

// The whole stream at once; it stops with the signal, and keeps what it has learned.
const stop = new AbortController();
const stream = new SGDClassifier({ loss: "log_loss", average: 500 });
try {
  await stream.fitStream(visits(1000), {
    classes: ["left", "bought"],
    signal: stop.signal,
    onProgress: ({ done }) => {
      if (done === 30) stop.abort();
    },
  });
} catch (error) {
  console.log((error as Error).message);
}
console.log("first of", stream.classes, "with probabilities", (await stream.predictProba([[0.4, 0.2, -0.3]])).toRows());
