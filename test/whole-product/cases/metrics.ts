import { DistributedArray } from "#src/collections/array/distributed-array.js";
import * as allMetrics from "#src/metrics/index.js";
import { use, type WorkTable } from "../work.js";
import { table } from "./data.js";

const metrics = use.of(allMetrics);
const ROWS = 150;
const vector = (at: (i: number) => number): DistributedArray =>
  DistributedArray.fromVector(Float64Array.from({ length: ROWS }, (_, i) => at(i))).repartitionLike([60, 0, 1, 89]);
const matrix = (width: number, at: (i: number, j: number) => number): DistributedArray =>
  DistributedArray.fromColumns(
    Array.from({ length: width }, (_, j) => Float64Array.from({ length: ROWS }, (__, i) => at(i, j))),
  ).repartitionLike([60, 0, 1, 89]);

const noise = (i: number): number =>
  Math.sin(i * 12.9898) * 43758.5453 - Math.floor(Math.sin(i * 12.9898) * 43758.5453);
const sampleWeight = (): DistributedArray => vector((i) => 1 + (i % 3));
const two = (): DistributedArray => vector((i) => (noise(i) > 0.4 ? 1 : 0));
const guessed = (): DistributedArray => vector((i) => (noise(i) + noise(i + 500) > 1 ? 1 : 0));
const three = (): DistributedArray => vector((i) => Math.floor(3 * noise(i)));
const guessedThree = (): DistributedArray => vector((i) => Math.floor(3 * noise(i + (i % 4 === 0 ? 700 : 0))));
const chance = (): DistributedArray => vector((i) => 0.02 + 0.96 * (0.5 * noise(i) + 0.5 * noise(i + 900)));
const share = (i: number, j: number): number => 0.1 + noise(i * 3 + j);
const chances = (): DistributedArray => matrix(3, (i, j) => share(i, j) / (share(i, 0) + share(i, 1) + share(i, 2)));
const amount = (): DistributedArray => vector((i) => 0.5 + 5 * noise(i));
const estimate = (): DistributedArray => vector((i) => 0.5 + 5 * noise(i) + 0.3 * noise(i + 40));
const amounts = (from = 0): DistributedArray => matrix(2, (i, j) => 1 + noise(i + 200 * j) + 0.2 * noise(i + from));
const points = (): DistributedArray => matrix(2, (i, j) => Math.floor(3 * noise(i)) * 4 + noise(i + 31 * (j + 1)));
const flags = (from = 0): DistributedArray =>
  matrix(3, (i, j) => (noise(i + 17 * j + (i % 5 === 0 ? from : 0)) > 0.5 ? 1 : 0));
const ranks = (): DistributedArray => matrix(3, (i, j) => noise(i + 17 * j) + 0.3 * noise(i + 99 * j));

/** Metrics of collections. Each family's calls are made one after another, so that a difference names its line. */
export const metricWork: WorkTable = {
  "labels: two classes, with weights": async () => {
    const options = { sampleWeight: sampleWeight() };
    const [t, p] = [two(), guessed()];
    return {
      accuracy: await metrics.accuracyScore(t, p, options),
      balanced: await metrics.balancedAccuracyScore(t, p, { ...options, adjusted: true }),
      kappa: await metrics.cohenKappaScore(t, p, { ...options, weights: "linear" }),
      matthews: await metrics.matthewsCorrcoef(t, p, options),
      ratios: await metrics.classLikelihoodRatios(t, p, options),
      precision: await metrics.precisionScore(t, p, options),
      recall: await metrics.recallScore(t, p, options),
      f1: await metrics.f1Score(t, p, options),
      fbeta: await metrics.fbetaScore(t, p, { ...options, beta: 0.5 }),
      jaccard: await metrics.jaccardScore(t, p, options),
    };
  },
  "labels: three classes, and texts": async () => {
    const [t, p] = [three(), guessedThree()];
    const words = table().column("city");
    return {
      confusion: await metrics.confusionMatrix(t, p, { normalize: "true", sampleWeight: sampleWeight() }),
      report: await metrics.classificationReport(t, p),
      all: await metrics.precisionRecallFscoreSupport(t, p, { average: null }),
      hamming: await metrics.hammingLoss(t, p),
      zeroOne: await metrics.zeroOneLoss(t, p, { normalize: false }),
      multilabel: await metrics.multilabelConfusionMatrix(t, p),
      words: await metrics.confusionMatrix((await words.compute()) as string[], (await words.compute()) as string[]),
    };
  },
  "probabilities and decisions": async () => {
    const options = { sampleWeight: sampleWeight() };
    const [t, s] = [two(), chance()];
    return {
      logLoss: await metrics.logLoss(t, s, options),
      brier: await metrics.brierScoreLoss(t, s, options),
      d2: await metrics.d2LogLossScore(t, s, options),
      auc: await metrics.rocAucScore(t, s, options),
      precision: await metrics.averagePrecisionScore(t, s, options),
      roc: await metrics.rocCurve(t, s, options),
      curve: await metrics.precisionRecallCurve(t, s, options),
      det: await metrics.detCurve(t, s),
      binned: await metrics.binnedCurves(t, s, { nBins: 20 }),
      calibration: await metrics.calibrationCurve(t, s, { strategy: "quantile" }),
      hinge: await metrics.hingeLoss(t, s.sub(0.5).mul(4)),
      top: await metrics.topKAccuracyScore(three(), chances()),
      ovr: await metrics.rocAucScore(three(), chances(), { multiClass: "ovr" }),
      area: metrics.auc([0, 0.5, 1], [0, 0.7, 1]),
    };
  },
  "numbers: one target and two": async () => {
    const options = { sampleWeight: sampleWeight() };
    const [t, p] = [amount(), estimate()];
    return {
      r2: await metrics.r2Score(amounts(), amounts(300), { multioutput: "raw_values" }),
      mse: await metrics.meanSquaredError(t, p, options),
      rmse: await metrics.rootMeanSquaredError(t, p, options),
      mae: await metrics.meanAbsoluteError(amounts(), amounts(300), options),
      msle: await metrics.meanSquaredLogError(t, p, options),
      rmsle: await metrics.rootMeanSquaredLogError(t, p, options),
      mape: await metrics.meanAbsolutePercentageError(t, p, options),
      pinball: await metrics.meanPinballLoss(t, p, { ...options, alpha: 0.2 }),
      poisson: await metrics.meanPoissonDeviance(t, p, options),
      gamma: await metrics.meanGammaDeviance(t, p, options),
      tweedie: await metrics.meanTweedieDeviance(t, p, { ...options, power: 1.5 }),
      d2Tweedie: await metrics.d2TweedieScore(t, p, { ...options, power: 1 }),
      d2Absolute: await metrics.d2AbsoluteErrorScore(t, p, options),
      explained: await metrics.explainedVarianceScore(t, p, options),
      largest: await metrics.maxError(t, p),
      median: await metrics.medianAbsoluteError(t, p, options),
    };
  },
  clusterings: async () => {
    const [t, p] = [three(), guessedThree()];
    return {
      adjustedRand: await metrics.adjustedRandScore(t, p),
      rand: await metrics.randScore(t, p),
      mutual: await metrics.mutualInfoScore(t, p),
      normalized: await metrics.normalizedMutualInfoScore(t, p),
      adjusted: await metrics.adjustedMutualInfoScore(t, p),
      homogeneity: await metrics.homogeneityScore(t, p),
      completeness: await metrics.completenessScore(t, p),
      v: await metrics.vMeasureScore(t, p, { beta: 0.5 }),
      three: await metrics.homogeneityCompletenessVMeasure(t, p),
      fowlkes: await metrics.fowlkesMallowsScore(t, p),
      pairs: await metrics.pairConfusionMatrix(t, p),
      contingency: await metrics.contingencyMatrix(t, p),
      calinski: await metrics.calinskiHarabaszScore(points(), three()),
      davies: await metrics.daviesBouldinScore(points(), three()),
      silhouettes: await metrics.silhouetteSamples(points(), three()),
      silhouette: await metrics.silhouetteScore(points(), three(), { sampleSize: 60, randomState: 1 }),
    };
  },
  "rankings of labels, distances and kernels": async () => {
    const centres = [
      [0, 1],
      [4, 5],
      [8, 8],
    ];
    return {
      dcg: await metrics.dcgScore(flags(), ranks(), { k: 2 }),
      ndcg: await metrics.ndcgScore(flags(), ranks()),
      coverage: await metrics.coverageError(flags(), ranks()),
      precision: await metrics.labelRankingAveragePrecisionScore(flags(), ranks()),
      loss: await metrics.labelRankingLoss(flags(), ranks()),
      hamming: await metrics.hammingLoss(flags(), flags(400)),
      distances: metrics.pairwiseDistances(points(), centres, { metric: "manhattan" }),
      kernels: metrics.pairwiseKernels(points(), centres, { metric: "rbf" }),
      nearest: await metrics.pairwiseDistancesArgmin(points(), centres),
      both: await metrics.pairwiseDistancesArgminMin(points(), centres),
    };
  },
  "every scorer by name, those that are kernels in one pass": async () => {
    const names = metrics.getScorerNames();
    const own = metrics.makeScorer(metrics.meanAbsoluteError, { greaterIsBetter: false });
    const ofThree = /_macro$|_micro$|_weighted$|_ov[or]|rand|mutual|homogen|complete|v_measure|fowlkes|top_k/u;
    const ofNumbers = /r2|error|deviance|variance|d2_tweedie|d2_absolute/u;
    const kernels = names.filter((name) => metrics.getScorer(name).kernel !== undefined);
    const numbers = kernels.filter((name) => ofNumbers.test(name));
    const several = kernels.filter((name) => ofThree.test(name));
    const rest = kernels.filter((name) => !ofNumbers.test(name) && !ofThree.test(name));
    return [
      names.filter((name) => !kernels.includes(name)),
      own.name,
      await own.function?.(amount(), estimate(), {}),
      await metrics.scoreMetrics(numbers, { yTrue: amount(), yPred: estimate() }),
      await metrics.scoreMetrics(several, { yTrue: three(), yPred: guessedThree(), yProba: chances() }),
      await metrics.scoreMetrics(rest, { yTrue: two(), yPred: guessed(), yProba: chance(), yScore: chance() }),
    ];
  },
};
