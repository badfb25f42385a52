import { ParameterError } from "../../base/errors.js";

/** A package that only some need, loaded when used. @throws ParameterError naming what to install */
export async function optionalPackage<T>(owner: string, name: string): Promise<T> {
  try {
    return (await import(name)) as T;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw cause;
    throw new ParameterError(`${owner}: the package ${name} is not installed. Run \`npm install ${name}\`.`, { cause });
  }
}
