import { readFileSync } from "node:fs";
import { FileError } from "../src/base/errors.js";
import { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { PartitionOptions } from "../src/collections/array/sources.js";

/** A small real data set, in this process. */
export interface SmallDataset {
  readonly name: string;
  /** Where the data come from. */
  readonly source: string;
  readonly licence: string;
  readonly featureNames: readonly string[];
  /** One array a feature. */
  readonly data: readonly Float64Array[];
  /** f64 [rows, features], with feature names. */
  readonly X: DistributedArray;
}

/** A set whose target is a class. */
export interface ClassificationSet extends SmallDataset {
  /** Class of each row: a position in `targetNames`. */
  readonly target: Int32Array;
  readonly targetNames: readonly string[];
  /** `target` as i32 [rows]. */
  readonly y: DistributedArray;
  /** The class of each row in words. */
  readonly yLabels: readonly string[];
}

/** A set whose target is a number. */
export interface RegressionSet extends SmallDataset {
  readonly target: Float64Array;
  /** What the target is. */
  readonly targetNames: readonly string[];
  /** `target` as f64 [rows]. */
  readonly y: DistributedArray;
}

/** The layout of the files in datasets/data; its README tells more. */
interface SetFile {
  readonly name: string;
  readonly source: string;
  readonly licence: string;
  readonly featureNames: readonly string[];
  readonly targetNames: readonly string[];
  readonly columns: readonly (readonly number[])[];
  readonly target: readonly number[];
}

/** Iris flowers: 150 x 4, 3 classes (Fisher 1936). The values of scikit-learn's `load_iris`. */
export function loadIris(options: PartitionOptions = {}): ClassificationSet {
  return classificationSet("iris", options);
}

/** Breast tumours: 569 x 30, classes 0 malignant and 1 benign. The values of scikit-learn's `load_breast_cancer`. */
export function loadBreastCancer(options: PartitionOptions = {}): ClassificationSet {
  return classificationSet("breast-cancer", options);
}

/** Handwritten digits: 1,797 x 64 pixels from 0 to 16, 10 classes. The values of scikit-learn's `load_digits`. */
export function loadDigits(options: PartitionOptions = {}): ClassificationSet {
  return classificationSet("digits", options);
}

/** Wines: 178 x 13, 3 classes. The values of scikit-learn's `load_wine`. */
export function loadWine(options: PartitionOptions = {}): ClassificationSet {
  return classificationSet("wine", options);
}

/**
 * Diabetes patients: 442 x 10, target the disease's progression. Features are centred and have sum of squares 1, as in
 * scikit-learn's `load_diabetes`, whose values these are.
 */
export function loadDiabetes(options: PartitionOptions = {}): RegressionSet {
  const file = readSet("diabetes");
  const target = Float64Array.from(file.target);
  return {
    ...features(file, options),
    target,
    targetNames: file.targetNames,
    y: DistributedArray.fromVector(target, options),
  };
}

function classificationSet(name: string, options: PartitionOptions): ClassificationSet {
  const file = readSet(name);
  const base = features(file, options);
  const target = Int32Array.from(file.target);
  return {
    ...base,
    target,
    targetNames: file.targetNames,
    // Cut like X, so that both meet partition by partition.
    y: DistributedArray.fromVector(target, { partitions: base.X.partitions }),
    yLabels: file.target.map((index) => file.targetNames[index] ?? String(index)),
  };
}

function features(file: SetFile, options: PartitionOptions): SmallDataset {
  const data = file.columns.map((column) => Float64Array.from(column));
  const { name, source, licence, featureNames } = file;
  return {
    name,
    source,
    licence,
    featureNames,
    data,
    X: DistributedArray.fromColumns(data, { ...options, names: featureNames }),
  };
}

function readSet(name: string): SetFile {
  // This file is dist/datasets/small-sets.js: the package's root, with the data, is two levels above its folder.
  const path = new URL(`../../datasets/data/${name}.json`, import.meta.url);
  try {
    return JSON.parse(readFileSync(path, "utf8")) as SetFile;
  } catch (cause) {
    throw new FileError(`datasets: cannot read ${name}.json, which comes with the package. Install partwise again.`, {
      cause,
      details: { path: path.pathname },
    });
  }
}
