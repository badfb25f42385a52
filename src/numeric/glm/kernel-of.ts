import { glmFamily } from "../../kernels/kernels.js";
import type { GlmDistribution } from "../glm-target.js";
import type { Composition } from "./composed-steps.js";

/** The kernel that has a family with this link; undefined where there is none, and rows go through plain functions. */
export function kernelOf({ family, link }: Composition): GlmDistribution | undefined {
  const name = link.name === "power" ? { 0: "log", 1: "identity" }[link.power ?? 1] : link.name;
  const power = variancePower(family);
  if (power === 0 && name === "identity") return { family: glmFamily.squared, power };
  if (family.name === "binomial" && name === "logit") return { family: glmFamily.logistic, power: 0 };
  if (power === undefined || name !== "log") return undefined;
  return { family: power === 1 ? glmFamily.poisson : power === 2 ? glmFamily.gamma : glmFamily.tweedie, power };
}

/** The power of the mean that the variance is; undefined where it is no power. */
function variancePower(family: Composition["family"]): number | undefined {
  if (family.name === "tweedie") return family.power ?? 1.5;
  const powers: Partial<Record<typeof family.name, number>> = { gaussian: 0, poisson: 1, gamma: 2, inverseGaussian: 3 };
  return powers[family.name];
}
