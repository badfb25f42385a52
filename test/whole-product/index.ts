import { arrayWork } from "./cases/arrays.js";
import { boostingWork } from "./cases/boosting.js";
import { estimatorWork } from "./cases/estimators.js";
import { fileWork } from "./cases/files.js";
import { frameWork } from "./cases/frames.js";
import { metricWork } from "./cases/metrics.js";
import { modelWork } from "./cases/models.js";
import { preprocessingWork } from "./cases/preprocessing.js";
import { scoringWork } from "./cases/scoring.js";
import { searchWork } from "./cases/searches.js";
import type { WorkTable } from "./work.js";

/** Everything that partwise does with data, once: what every engine has to give the same bits for. */
export const wholeProduct: Readonly<Record<string, WorkTable>> = {
  frames: frameWork,
  arrays: arrayWork,
  files: fileWork,
  metrics: metricWork,
  estimators: estimatorWork,
  boosting: boostingWork,
  "what single models do": modelWork,
  preprocessing: preprocessingWork,
  searches: searchWork,
  "scoring and model files": scoringWork,
};

const ENGINE = "is, makes or chooses an engine";
const PICTURE = "a picture of numbers that are there: starts nothing";
const DRIVER = "plain data in this process: starts nothing";

/** What no case calls, and why every engine need not be held to it: exports, methods, or `*.method` of any class. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  connect: ENGINE,
  startCluster: ENGINE,
  DaskEngine: ENGINE,
  LocalEngine: ENGINE,
  defaultEngine: ENGINE,
  inlineEngine: ENGINE,
  localEngine: ENGINE,
  setEngine: ENGINE,
  fnRef: "names a function for tasks: every task is made with it",
  Design: "the data of a fit: every fit is made with it",
  LocalMatrix: DRIVER,
  ParamTable: DRIVER,
  CounterRng: DRIVER,
  polars: DRIVER,
  registerEstimator: DRIVER,
  parameterImportances: DRIVER,
  searchReport: PICTURE,
  progressBar: PICTURE,
  calibrationChart: PICTURE,
  detCurveChart: PICTURE,
  importanceChart: PICTURE,
  lineChart: PICTURE,
  parallelCoordinatesChart: PICTURE,
  partialDependenceChart: PICTURE,
  precisionRecallChart: PICTURE,
  rocCurveChart: PICTURE,
  searchCurvesChart: PICTURE,
  saveChart: PICTURE,
  toPng: PICTURE,
  "*.clone": DRIVER,
  "*.setParams": DRIVER,
  "*.adopt": DRIVER,
  "*.fromJSON": DRIVER,
  "*.decodeParams": DRIVER,
  "*.decodeFitted": DRIVER,
  "*.getFeatureNamesOut": DRIVER,
  "*.merge": DRIVER,
  "*.subtract": DRIVER,
  "*.scoredWith": DRIVER,
  "*.forgetPruned": DRIVER,
  "*.part": DRIVER,
  "*.withPart": DRIVER,
  "*.coded": DRIVER,
  "*.marginsOfRow": "one row without any engine",
  "*.marginsOfRowWithin": "one row without any engine",
  "*.probabilitiesOfRow": "one row without any engine",
};
