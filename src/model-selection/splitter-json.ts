import { DataError, show } from "../base/errors.js";
import type { Plain, PlainRecord } from "../base/plain.js";
import { GroupKFold, LeaveOneGroupOut, StratifiedGroupKFold } from "./group-splitters.js";
import { KFold, RepeatedKFold } from "./k-fold.js";
import { PredefinedSplit, TimeSeriesSplit } from "./ordered-splitters.js";
import { ShuffleSplit, StratifiedShuffleSplit } from "./shuffle-split.js";
import { Splitter } from "./splitter.js";
import { RepeatedStratifiedKFold, StratifiedKFold } from "./stratified-k-fold.js";

const SPLITTERS: Readonly<Record<string, new (params: never) => Splitter>> = {
  GroupKFold,
  KFold,
  LeaveOneGroupOut,
  PredefinedSplit,
  RepeatedKFold,
  RepeatedStratifiedKFold,
  ShuffleSplit,
  StratifiedGroupKFold,
  StratifiedKFold,
  StratifiedShuffleSplit,
  TimeSeriesSplit,
};

/** A splitter by its class and parameters; undefined for one of the user's own. */
export function splitterToPlain(splitter: Splitter): PlainRecord | undefined {
  const name = Object.keys(SPLITTERS).find((key) => SPLITTERS[key] === splitter.constructor);
  return name === undefined ? undefined : { $splitter: name, params: { ...splitter.params } as PlainRecord };
}

/** The inverse of {@link splitterToPlain}. @throws DataError for an unknown class */
export function splitterFromPlain(name: string, params: Plain): Splitter {
  const Class = Object.hasOwn(SPLITTERS, name) ? SPLITTERS[name] : undefined;
  if (!Class)
    throw new DataError(`Model: there is no splitter ${show(name)}. The file is damaged or of a newer version.`);
  return new Class(params as never);
}
