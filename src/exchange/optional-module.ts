import { PartwiseError, show } from "../base/errors.js";

/** Imports a package; a parameter, so that tests can stand in for packages that are not installed. */
export type ImportModule = (name: string) => Promise<unknown>;

/** What became of trying a package. */
export type TriedModule = { readonly module: unknown } | { readonly reason: string };

/** Imports a package by its name. */
export const importModule: ImportModule = (name) => import(name);

/** A package that may be absent, or the reason why it cannot be used. */
export async function tryModule(name: string, load: ImportModule): Promise<TriedModule> {
  try {
    const module = await load(name);
    // Packages in CommonJS are found under `default`.
    const inner = (module as { readonly default?: unknown }).default;
    return { module: inner && typeof inner === "object" ? { ...inner, ...(module as object) } : module };
  } catch (cause) {
    const missing = (cause as { readonly code?: string }).code === "ERR_MODULE_NOT_FOUND";
    return { reason: missing ? "it is not installed" : cause instanceof Error ? cause.message : String(cause) };
  }
}

/** The error for a task that none of these packages can do. */
export function noModule(owner: string, reasons: Readonly<Record<string, string>>, install: string): PartwiseError {
  const tried = Object.entries(reasons).map(([name, reason]) => `${show(name)}: ${reason}`);
  return new PartwiseError(`${owner}: no runtime can be loaded (${tried.join("; ")}). Run \`npm install ${install}\`.`);
}
