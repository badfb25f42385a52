export { ElasticNet, type ElasticNetParams } from "./linear/elastic-net.js";
export { ElasticNetCV, type ElasticNetCVParams } from "./linear/elastic-net-cv.js";
export { Lasso, type LassoParams } from "./linear/lasso.js";
export { LassoCV, type LassoCVParams } from "./linear/lasso-cv.js";
export { LinearRegression, type LinearRegressionParams } from "./linear/linear-regression.js";
export { LogisticRegression, type LogisticRegressionParams } from "./linear/logistic-regression.js";
export { enetPath, lassoPath, type EnetPathOptions, type LassoPathOptions, type RegularizationPath } from "./linear/paths.js";
export { Ridge, type RidgeParams } from "./linear/ridge.js";
export { RidgeCV, type RidgeCVParams } from "./linear/ridge-cv.js";
