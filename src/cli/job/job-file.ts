import { readFileSync } from "node:fs";
import type * as Zod from "zod";
import { FileError, ParameterError, show } from "../../base/errors.js";
import { parseYaml } from "./parse-yaml.js";

/**
 * What a YAML or JSON file says, unchecked.
 * @throws FileError when it cannot be read, ParameterError naming the line of a syntax error
 */
export function readJobFile(command: string, path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new FileError(
      `${command}: cannot read the job file ${show(path)}: ${(cause as Error).message}. Check the path.`,
      {
        cause,
        details: { path },
      },
    );
  }
  return parseYaml(command, path, text);
}

/** A job by its schema. @throws ParameterError naming the key, its rule and what it is */
export function checkedJob<T>(command: string, schema: Zod.ZodObject, content: unknown): T {
  const result = schema.safeParse(content);
  if (result.success) return result.data as T;
  const issue = result.error.issues[0];
  const at = issue?.path.join(".") || "the job";
  if (issue?.code === "unrecognized_keys") {
    const keys = Object.keys(schema.shape);
    throw new ParameterError(
      `${command}: ${issue.path.length === 0 ? "the job has" : `${at} has`} the unknown key ${issue.keys.map(show).join(", ")}. ` +
        (issue.path.length === 0
          ? `Keys are ${keys.slice(0, -1).join(", ")} and ${keys.at(-1)}.`
          : `See \`partwise ${command} --help\`.`),
    );
  }
  const value = issue?.path.reduce<unknown>(
    (inside, key) => (inside as Record<PropertyKey, unknown> | undefined)?.[key],
    content,
  );
  throw new ParameterError(
    `${command}: ${at} is ${show(value)}: ${issue?.message}. See \`partwise ${command} --help\`.`,
  );
}
