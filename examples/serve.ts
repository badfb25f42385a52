/** A fitted model behind HTTP: the scorer is a plain function, so a request costs what JSON and the socket cost. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DataError, makePipeline, rowScorer } from "partwise";
import { LogisticRegression } from "partwise/models";
import { StandardScaler } from "partwise/preprocessing";

// A service would say `await loadModel("late.partwise")`; this one fits a small model first.
const rows = Array.from({ length: 400 }, (_, i) => ({
  distance: 200 + ((i * 37) % 2000),
  delay: ((i * 53) % 60) - 20,
}));
const model = makePipeline(new StandardScaler(), new LogisticRegression());
await model.fit(
  { distance: rows.map((row) => row.distance), delay: rows.map((row) => row.delay) },
  rows.map((row) => (row.delay - row.distance / 400 > 10 ? 1 : 0)),
);
const score = await rowScorer(model, { output: "predictProba" });

const server = createServer((request, response) => {
  const answer = (status: number, body: object): void => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  if (request.method !== "POST" || request.url !== "/score") return answer(404, { error: "POST /score" });
  let text = "";
  request.setEncoding("utf8");
  request.on("data", (chunk: string) => {
    text += chunk;
    // A body without end would fill the memory.
    if (text.length > 1_000_000) request.destroy();
  });
  request.on("end", () => {
    try {
      const body = JSON.parse(text) as Record<string, unknown> | Record<string, unknown>[];
      const late = (result: unknown): number => (result as Float64Array)[1] as number;
      answer(200, Array.isArray(body) ? { late: score.batch(body).map(late) } : { late: late(score(body)) });
    } catch (error) {
      // What is wrong with the row is the caller's to mend; everything else is ours.
      const theirs = error instanceof DataError || error instanceof SyntaxError;
      answer(theirs ? 400 : 500, { error: theirs ? (error as Error).message : "the service failed" });
    }
  });
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/score`;

// A client of it.
const post = async (body: string): Promise<string> => {
  const response = await fetch(url, { method: "POST", body });
  return `${response.status} ${await response.text()}`;
};
console.log(await post(JSON.stringify({ distance: 900, delay: 25 })));
console.log(
  await post(
    JSON.stringify([
      { distance: 900, delay: -5 },
      { delay: 40, distance: 300 },
    ]),
  ),
);
console.log(await post(JSON.stringify({ distance: 900 })));
console.log(await post("no JSON"));

const calls = 100_000;
const started = performance.now();
for (let i = 0; i < calls; i++) score([900, (i % 60) - 20]);
console.log(`${((1000 * (performance.now() - started)) / calls).toFixed(1)} microseconds a row without HTTP`);
server.close();
