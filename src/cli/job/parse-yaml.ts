import { ParameterError, show } from "../../base/errors.js";
import { lazyRequire } from "../../base/lazy-require.js";

/** YAML, of which JSON is a part. @throws ParameterError with the line and column of a syntax error */
export function parseYaml(command: string, what: string, text: string): unknown {
  const { parse } = lazyRequire<typeof import("yaml")>("yaml");
  try {
    return parse(text) as unknown;
  } catch (cause) {
    throw new ParameterError(`${command}: ${show(what)} is not YAML or JSON: ${(cause as Error).message}`, { cause });
  }
}
