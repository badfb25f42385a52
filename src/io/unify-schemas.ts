import { DataError, closest, show } from "../base/errors.js";
import { unknownColumn } from "../collections/frame/expressions.js";
import type { FrameSchema } from "../collections/frame/frame-types.js";

/** The columns of one file. */
export interface FileSchema {
  readonly path: string;
  readonly schema: FrameSchema;
}

/**
 * The columns that all files share: those of the first, in its order. Files may order them differently.
 *
 * @param widen integers and doubles in different files become Float64 (for formats whose types are only inferred)
 * @throws DataError for a column that a file lacks or has in addition, or whose type differs, naming both files
 */
export function unifySchemas(owner: string, files: readonly FileSchema[], widen: boolean): FrameSchema {
  const [first] = files;
  if (!first) return {};
  const merged: Record<string, string> = { ...first.schema };
  const source: Record<string, string> = Object.fromEntries(Object.keys(merged).map((name) => [name, first.path]));
  for (const file of files.slice(1)) {
    for (const name of Object.keys(merged)) {
      if (name in file.schema) continue;
      const near = closest(name, Object.keys(file.schema));
      throw new DataError(
        `${owner}: column ${show(name)} of ${show(first.path)} is missing in ${show(file.path)}${near === undefined ? "" : `, which has ${show(near)}`}. ` +
          "Read the files apart and rename or add the column, then concat them.",
        { details: { column: name, path: file.path } },
      );
    }
    for (const [name, type] of Object.entries(file.schema)) {
      const known = merged[name];
      if (known === undefined) {
        throw new DataError(
          `${owner}: column ${show(name)} of ${show(file.path)} is missing in ${show(first.path)}. Read the files apart and drop the column, then concat them; or read only shared ones with \`columns\`.`,
          { details: { column: name, path: file.path } },
        );
      }
      if (known === type) continue;
      if (widen && isNumber(known) && isNumber(type)) {
        merged[name] = "Float64";
        continue;
      }
      throw new DataError(
        `${owner}: column ${show(name)} is ${known} in ${show(source[name])} and ${type} in ${show(file.path)}. ` +
          (widen
            ? `Pass schema: { ${name}: "String" } or the type that fits both.`
            : "Read the files apart and cast the column, then concat them."),
        { details: { column: name, path: file.path } },
      );
    }
  }
  return merged;
}

/** Checks the `columns` option against the schema. */
export function chosenColumns(owner: string, schema: FrameSchema, columns: readonly string[] | undefined): string[] {
  const all = Object.keys(schema);
  if (columns === undefined) return all;
  for (const name of columns) if (!all.includes(name)) throw unknownColumn(owner, name, all);
  if (columns.length === 0)
    throw new DataError(`${owner}: columns is empty. Name at least one, or leave it out for all.`);
  return [...new Set(columns)];
}

function isNumber(type: string): boolean {
  return /^(U?Int\d+|Float\d+)$/.test(type);
}
