import { ParameterError, show } from "../base/errors.js";
import type { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import { readCsv } from "./read-csv.js";
import { readNdjson } from "./read-ndjson.js";
import { readIpc, readParquet } from "./read-parquet.js";

/**
 * Files by their name: a path or glob that ends in .parquet, .csv, .ndjson, .jsonl, .arrow or .ipc (text also with .gz or
 * .zst behind it).
 * @throws ParameterError for another ending, FileError when there is no such file
 */
export async function openFrame(
  owner: string,
  path: string,
  options: { readonly wholeRowGroups?: boolean } = {},
): Promise<DistributedDataFrame> {
  const extension = /\.(\w+)(\.(gz|zst))?$/.exec(path)?.[1]?.toLowerCase();
  switch (extension) {
    case "parquet":
      return readParquet(path, options);
    case "csv":
      return readCsv(path);
    case "ndjson":
    case "jsonl":
      return readNdjson(path);
    case "arrow":
    case "ipc":
      return readIpc(path);
    default:
      throw new ParameterError(
        `${owner}: cannot tell from the name ${show(path)} how to read it. End it in .parquet, .csv, .ndjson or .arrow ("folder/*.parquet"), or pass a frame.`,
      );
  }
}
