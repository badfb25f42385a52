export { LinearRegression, type LinearRegressionParams } from "./linear/linear-regression.js";
export { LogisticRegression, type LogisticRegressionParams } from "./linear/logistic-regression.js";
