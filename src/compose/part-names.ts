import { closest, ParameterError, show } from "../base/errors.js";
import { isTransforming } from "../estimator/frame-transformer.js";

/** An output name: `part__name` for true, `name` for false, else the text with both in their places. */
export function outputName(naming: boolean | string, part: string, name: string): string {
  if (typeof naming === "boolean") return naming ? `${part}__${name}` : name;
  return naming.replaceAll(NAME_PLACE, (place) => (place === "{featureName}" ? name : part));
}

const NAME_PLACE = /\{featureName\}|\{transformerName\}/gu;

/** The rule of `verboseFeatureNamesOut`, for parameter tables. */
export function isNaming(value: unknown): boolean {
  return typeof value === "boolean" || (typeof value === "string" && value.includes("{featureName}"));
}

/** Checks the names of weights. @throws ParameterError naming the parts there are */
export function checkWeights(
  owner: string,
  weights: Readonly<Record<string, number>> | null,
  parts: readonly string[],
): void {
  for (const name of Object.keys(weights ?? {})) {
    if (parts.includes(name)) continue;
    const near = closest(name, parts);
    throw new ParameterError(
      `${owner}: transformerWeights names ${show(name)}, which is no transformer${near === undefined ? "" : `; did you mean ${show(near)}?`} There are ${parts.join(", ")}.`,
    );
  }
}

/** Checks the names and estimators of parts. @throws ParameterError */
export function checkParts(owner: string, parts: readonly (readonly [name: string, estimator: unknown])[]): void {
  const names = new Set<string>();
  for (const [name, estimator] of parts) {
    if (names.has(name))
      throw new ParameterError(`${owner}: two transformers are called ${show(name)}. Give each its own name.`);
    if (name.includes("__"))
      throw new ParameterError(
        `${owner}: the name ${show(name)} contains "__", which separates a transformer from its parameter.`,
      );
    names.add(name);
    if (typeof estimator === "string" || isTransforming(estimator)) continue;
    throw new ParameterError(
      `${owner}: ${show(name)} is ${show(estimator)}, which cannot transform. Use a transformer, "drop" or "passthrough".`,
    );
  }
}
