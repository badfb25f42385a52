/** A neural network in a pipeline: trained over partitions, searched, kept as plain data. Needs tfjs (see NeuralClassifier). */
import { makePipeline } from "partwise";
import { makeCircles } from "partwise/datasets";
import { NeuralClassifier } from "partwise/models";
import { StandardScaler } from "partwise/preprocessing";

const { X, y } = makeCircles({ nSamples: 1000, noise: 0.08, factor: 0.5, randomState: 1, partitions: 4 });

const network = new NeuralClassifier({
  hiddenLayers: [16],
  learningRate: 0.02,
  epochs: 60,
  earlyStopping: true,
  tol: null,
});
const model = makePipeline(new StandardScaler(), network);
await model.fit(X, y, {
  onProgress: ({ done, total, detail }) => {
    if (detail?.["validationLoss"] !== undefined && done % 20 === 0)
      console.log(
        `epoch ${done} of ${total}: loss ${detail["loss"]?.toFixed(3)}, of rows set aside ${detail["validationLoss"].toFixed(3)}`,
      );
  },
});
console.log("right:", await model.score(X, y));
console.log("inside:", await model.predict([[0.1, 0.2]]), "outside:", await model.predict([[1, 0.3]]));

// A topology of your own, as tfjs' model.toJSON() gives it: the shape of the last layer says how many classes there are.
const own = new NeuralClassifier({
  build: {
    class_name: "Sequential",
    config: {
      layers: [
        { class_name: "Dense", config: { units: 8, activation: "elu", batch_input_shape: [null, 2] } },
        { class_name: "Dense", config: { units: 8, activation: "elu" } },
        { class_name: "Dense", config: { units: 1, activation: "sigmoid" } },
      ],
    },
  },
  learningRate: 0.02,
  epochs: 30,
  tol: null,
});
await own.fit(X, y);
console.log(
  `${own.weights.length} weights, last loss ${own.lossCurve.at(-1)?.toFixed(3)}, on tfjs' ${own.backend} backend`,
);
