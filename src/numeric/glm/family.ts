import { logGamma } from "../gamma.js";

/** Names of the exponential families. */
export const familyNames = [
  "gaussian",
  "binomial",
  "poisson",
  "gamma",
  "inverseGaussian",
  "tweedie",
  "negativeBinomial",
] as const;

/** Name of an exponential family. */
export type FamilyName = (typeof familyNames)[number];

/** A family as plain data, so that it can travel to tasks. */
export interface FamilySpec {
  readonly name: FamilyName;
  /** Tweedie: the variance is `mean^power`. */
  readonly power?: number;
  /** Negative binomial: the variance is `mean + overdispersion · mean²`. */
  readonly overdispersion?: number;
}

/** A family of distributions with mean μ and variance `dispersion · V(μ)`; `rest` is 1 − μ, which only the binomial reads. */
export interface Family {
  /** V(μ). */
  variance(mean: number, rest: number): number;
  /** dV/dμ. */
  varianceSlope(mean: number, rest: number): number;
  /** Half the unit deviance of y from μ: 0 where they are equal; Infinity or NaN for a mean that the family cannot have. */
  halfDeviance(y: number, mean: number, rest: number): number;
  /** Whether it can have this target. */
  allows(y: number): boolean;
  /** What `allows` asks for, in words. */
  readonly rule: string;
  /** A mean near y that the family can have, from which a fit without an intercept starts. */
  near(y: number, mean: number): number;
  /** Whether the dispersion is 1 by definition, rather than estimated. */
  readonly unitDispersion: boolean;
  /** What of a row's log-likelihood does not depend on the mean, for a dispersion (over the row's weight) of `phi`: at μ = y. */
  saturated(y: number, phi: number): number;
  /** True where a log-likelihood exists in closed form. */
  readonly hasLikelihood: boolean;
}

const middle = (y: number, mean: number): number => (y + mean) / 2;
/** `y log y`, 0 at 0. */
const xlogx = (y: number): number => (y === 0 ? 0 : y * Math.log(y));
/** `y log(y / m)`, 0 at y = 0. */
const relative = (y: number, mean: number): number => (y === 0 ? 0 : y * Math.log(y / mean));

const gaussian: Family = {
  variance: () => 1,
  varianceSlope: () => 0,
  halfDeviance: (y, mean) => 0.5 * (y - mean) ** 2,
  allows: () => true,
  rule: "any number",
  near: (y) => y,
  unitDispersion: false,
  saturated: (_, phi) => -0.5 * Math.log(2 * Math.PI * phi),
  hasLikelihood: true,
};

const binomial: Family = {
  variance: (mean, rest) => mean * rest,
  varianceSlope: (mean, rest) => rest - mean,
  halfDeviance: (y, mean, rest) => (mean >= 0 && rest >= 0 ? relative(y, mean) + relative(1 - y, rest) : NaN),
  allows: (y) => y >= 0 && y <= 1,
  rule: ">= 0 and <= 1",
  near: (y) => (y + 0.5) / 2,
  unitDispersion: true,
  saturated: (y, phi) => {
    const trials = 1 / phi;
    const ways = trials === 1 ? 0 : logGamma(trials + 1) - logGamma(trials * y + 1) - logGamma(trials * (1 - y) + 1);
    return ways + trials * (xlogx(y) + xlogx(1 - y));
  },
  hasLikelihood: true,
};

const poisson: Family = {
  variance: (mean) => mean,
  varianceSlope: () => 1,
  halfDeviance: (y, mean) => (mean > 0 ? relative(y, mean) - y + mean : mean === 0 && y === 0 ? 0 : Infinity),
  allows: (y) => y >= 0,
  rule: ">= 0",
  near: middle,
  unitDispersion: true,
  saturated: (y) => xlogx(y) - y - logGamma(y + 1),
  hasLikelihood: true,
};

const gamma: Family = {
  variance: (mean) => mean * mean,
  varianceSlope: (mean) => 2 * mean,
  halfDeviance: (y, mean) => (mean > 0 ? Math.log(mean / y) + y / mean - 1 : Infinity),
  allows: (y) => y > 0,
  rule: "> 0",
  near: middle,
  unitDispersion: false,
  saturated: (y, phi) => {
    const shape = 1 / phi;
    return shape * Math.log(shape) - shape - logGamma(shape) - Math.log(y);
  },
  hasLikelihood: true,
};

const inverseGaussian: Family = {
  variance: (mean) => mean ** 3,
  varianceSlope: (mean) => 3 * mean * mean,
  halfDeviance: (y, mean) => (mean > 0 ? (y - mean) ** 2 / (2 * y * mean * mean) : Infinity),
  allows: (y) => y > 0,
  rule: "> 0",
  near: middle,
  unitDispersion: false,
  saturated: (y, phi) => -0.5 * Math.log(2 * Math.PI * phi * y ** 3),
  hasLikelihood: true,
};

function tweedie(power: number): Family {
  const [a, b] = [2 - power, 1 - power];
  return {
    variance: (mean) => mean ** power,
    varianceSlope: (mean) => power * mean ** (power - 1),
    halfDeviance: (y, mean) =>
      mean > 0 ? (y === 0 ? 0 : y ** a / (a * b)) - (y * mean ** b) / b + mean ** a / a : Infinity,
    allows: (y) => (power >= 2 ? y > 0 : y >= 0),
    rule: power >= 2 ? "> 0" : ">= 0",
    near: middle,
    unitDispersion: false,
    saturated: () => NaN,
    hasLikelihood: false,
  };
}

function negativeBinomial(k: number): Family {
  const shape = 1 / k;
  return {
    variance: (mean) => mean + k * mean * mean,
    varianceSlope: (mean) => 1 + 2 * k * mean,
    halfDeviance: (y, mean) =>
      mean > 0 ? relative(y, mean) - (y + shape) * Math.log((1 + k * y) / (1 + k * mean)) : Infinity,
    allows: (y) => y >= 0,
    rule: ">= 0",
    near: middle,
    unitDispersion: true,
    saturated: (y) =>
      logGamma(y + shape) -
      logGamma(shape) -
      logGamma(y + 1) +
      (y === 0 ? 0 : y * Math.log((k * y) / (1 + k * y))) -
      shape * Math.log1p(k * y),
    hasLikelihood: true,
  };
}

/** The functions of a family. Tweedie powers of 0, 1, 2 and 3 are the families of that variance. */
export function familyOf({ name, power = 1.5, overdispersion = 1 }: FamilySpec): Family {
  if (name === "negativeBinomial") return negativeBinomial(overdispersion);
  if (name !== "tweedie") return { gaussian, binomial, poisson, gamma, inverseGaussian }[name];
  return { 0: gaussian, 1: poisson, 2: gamma, 3: inverseGaussian }[power] ?? tweedie(power);
}
