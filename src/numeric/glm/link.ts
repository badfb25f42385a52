import { normalCdf } from "../normal-distribution.js";
import { normalQuantile } from "../normal-quantile.js";

/** Names of the link functions. */
export const linkNames = [
  "identity",
  "log",
  "logit",
  "probit",
  "cloglog",
  "inverse",
  "inverseSquared",
  "sqrt",
  "power",
] as const;

/** Name of a link function. */
export type LinkName = (typeof linkNames)[number];

/** A link as plain data, so that it can travel to tasks. */
export interface LinkSpec {
  readonly name: LinkName;
  /** Of the link `mean^power`. */
  readonly power?: number;
}

/** A link `η = g(μ)`, its inverse, and what derivatives of the loss by η need. */
export interface Link {
  /** η of a mean. */
  link(mean: number): number;
  /** Mean of η; NaN where η is outside of the link's range. */
  inverse(eta: number): number;
  /** 1 − mean without the cancellation, for links of probabilities. */
  complement(eta: number): number;
  /** dμ/dη. */
  slope(eta: number): number;
  /** d²μ/dη². */
  bend(eta: number): number;
}

const SQRT_TAU = Math.sqrt(2 * Math.PI);

/** 1 − μ where nothing better is known. */
const plainComplement = (inverse: (eta: number) => number) => (eta: number) => 1 - inverse(eta);

function sigmoid(eta: number): number {
  if (eta >= 0) return 1 / (1 + Math.exp(-eta));
  const u = Math.exp(eta);
  return u / (1 + u);
}

const density = (eta: number): number => Math.exp(-0.5 * eta * eta) / SQRT_TAU;

function powerLink(power: number): Link {
  const k = 1 / power;
  const inverse = (eta: number): number => (eta > 0 ? eta ** k : NaN);
  return {
    link: (mean) => mean ** power,
    inverse,
    complement: plainComplement(inverse),
    slope: (eta) => k * eta ** (k - 1),
    bend: (eta) => k * (k - 1) * eta ** (k - 2),
  };
}

const fixed: Record<Exclude<LinkName, "power">, Link> = {
  identity: {
    link: (mean) => mean,
    inverse: (eta) => eta,
    complement: (eta) => 1 - eta,
    slope: () => 1,
    bend: () => 0,
  },
  log: {
    link: Math.log,
    inverse: Math.exp,
    complement: (eta) => -Math.expm1(eta),
    slope: Math.exp,
    bend: Math.exp,
  },
  logit: {
    link: (mean) => Math.log(mean / (1 - mean)),
    inverse: sigmoid,
    complement: (eta) => sigmoid(-eta),
    slope: (eta) => sigmoid(eta) * sigmoid(-eta),
    bend: (eta) => sigmoid(eta) * sigmoid(-eta) * (sigmoid(-eta) - sigmoid(eta)),
  },
  probit: {
    link: normalQuantile,
    inverse: normalCdf,
    complement: (eta) => normalCdf(-eta),
    slope: density,
    bend: (eta) => -eta * density(eta),
  },
  cloglog: {
    link: (mean) => Math.log(-Math.log1p(-mean)),
    inverse: (eta) => -Math.expm1(-Math.exp(eta)),
    complement: (eta) => Math.exp(-Math.exp(eta)),
    slope: (eta) => Math.exp(eta - Math.exp(eta)),
    bend: (eta) => Math.exp(eta - Math.exp(eta)) * (1 - Math.exp(eta)),
  },
  inverse: {
    link: (mean) => 1 / mean,
    inverse: (eta) => 1 / eta,
    complement: (eta) => 1 - 1 / eta,
    slope: (eta) => -1 / (eta * eta),
    bend: (eta) => 2 / eta ** 3,
  },
  inverseSquared: {
    link: (mean) => 1 / (mean * mean),
    inverse: (eta) => (eta > 0 ? 1 / Math.sqrt(eta) : NaN),
    complement: (eta) => 1 - 1 / Math.sqrt(eta),
    slope: (eta) => -0.5 * eta ** -1.5,
    bend: (eta) => 0.75 * eta ** -2.5,
  },
  sqrt: {
    link: Math.sqrt,
    inverse: (eta) => eta * eta,
    complement: (eta) => 1 - eta * eta,
    slope: (eta) => 2 * eta,
    bend: () => 2,
  },
};

/** The functions of a link. A power of 0 is the logarithm. */
export function linkOf(spec: LinkSpec): Link {
  if (spec.name !== "power") return fixed[spec.name];
  const power = spec.power ?? 1;
  if (power === 0) return fixed.log;
  return power === 1 ? fixed.identity : powerLink(power);
}
