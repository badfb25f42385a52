export type { GeneratorOptions } from "./generated.js";
export { loadFlights, type FlightColumns, type FlightsOptions } from "./load-flights.js";
export { makeBlobs, type Blobs, type BlobsOptions } from "./make-blobs.js";
export { makeCircles, type CirclesOptions } from "./make-circles.js";
export { makeClassification, type ClassificationData, type ClassificationOptions } from "./make-classification.js";
export { makeCounts, type CountsData, type CountsOptions } from "./make-counts.js";
export { makeRegression, type RegressionData, type RegressionOptions } from "./make-regression.js";
export {
  loadBreastCancer,
  loadDiabetes,
  loadDigits,
  loadIris,
  loadWine,
  type ClassificationSet,
  type RegressionSet,
  type SmallDataset,
} from "./small-sets.js";
