import { CounterRng } from "../base/rng.js";
import type { EstimatorJson } from "../estimator/estimator.js";
import { estimatorFromJSON } from "../estimator/registry.js";
import { asRows, checkData, cut } from "./check-data.js";
import { testSubjects } from "./registry.js";

/** A fitted estimator as JSON, and rows that it takes. */
export interface FuzzSubject {
  readonly name: string;
  readonly json: EstimatorJson;
  readonly rows: Readonly<Record<string, readonly number[]>>;
}

/** Every subject of the checks, fitted. */
export async function fuzzSubjects(): Promise<FuzzSubject[]> {
  const subjects: FuzzSubject[] = [];
  for (const subject of testSubjects) {
    const data = checkData(subject);
    const { X, y } = cut(data, [data.rows]);
    const model = subject.make();
    await model.fit(X, y);
    const few = asRows(data).slice(0, 5);
    const rows = Object.fromEntries(data.names.map((name, j) => [name, few.map((row) => row[j] as number)]));
    subjects.push({ name: subject.name, json: JSON.parse(JSON.stringify(model)) as EstimatorJson, rows });
  }
  return subjects;
}

/**
 * One run: a few changes of one subject's state, then what loads is asked about five rows. What `run` does depends on its
 * number alone, so that a finding can be repeated.
 * @returns whether the state was refused with an error of this library, was used, or made something else throw
 */
export async function fuzzState(subjects: readonly FuzzSubject[], run: number): Promise<"refused" | "used" | string> {
  const rng = new CounterRng(11, `fuzz/${run}`);
  let drawn = 0;
  const draw = (below: number): number => rng.integer(drawn++, below);
  const subject = subjects[run % subjects.length] as FuzzSubject;
  const json = structuredClone(subject.json) as { state: unknown };
  for (let change = draw(3); change >= 0; change--) mutate(json, "state", draw);
  try {
    const model = estimatorFromJSON(json as EstimatorJson) as unknown as Record<
      string,
      ((rows: unknown) => unknown) | undefined
    >;
    for (const method of ["transform", "predict", "predictProba"]) await model[method]?.(subject.rows);
    return "used";
  } catch (error) {
    const name = (error as Error).constructor?.name ?? "";
    if (/^(DataError|ParameterError|NotFittedError|FitError|TaskError|FileError|MemoryLimitError)$/.test(name))
      return "refused";
    return `${subject.name}: ${String(error)}`;
  }
}

const NUMBERS = [0, -1, 1, 0.5, 2 ** 31, 2 ** 53, -(2 ** 40), 1e300, 7, 1e6];

/** Changes a value somewhere below `parent[key]`: the deeper, the likelier, because that is where most values are. */
function mutate(parent: object, key: string | number, draw: (below: number) => number): void {
  const holder = parent as Record<string | number, unknown>;
  const value = holder[key];
  const isArray = typeof value === "object" && value !== null && "$type" in value;
  if (typeof value === "object" && value !== null && !isArray && draw(8) > 0) {
    const keys = Array.isArray(value) ? value.map((_, i) => i) : Object.keys(value);
    if (keys.length > 0) return mutate(value, keys[draw(keys.length)] as string | number, draw);
  }
  if (isArray && draw(4) > 0) {
    const packed = value as { $type: string; data: string };
    const bytes = Buffer.from(packed.data, "base64");
    const how = draw(3);
    if (how === 0) packed.data = bytes.subarray(0, 8 * draw(1 + bytes.length / 8)).toString("base64");
    else if (how === 1)
      packed.data = Buffer.concat([bytes, Buffer.alloc(8 * (1 + draw(64)), draw(256))]).toString("base64");
    else if (bytes.length > 0) {
      bytes[draw(bytes.length)] = draw(256);
      packed.data = bytes.toString("base64");
    }
    return;
  }
  if (Array.isArray(value) && draw(2) === 0) {
    if (draw(2) === 0) value.splice(draw(value.length + 1), 1);
    else value.push(...value.slice(0, 1 + draw(8)));
    return;
  }
  const others: unknown[] = [null, "x", [], {}, true, { $number: "NaN" }, { $number: "Infinity" }];
  const pick = draw(NUMBERS.length + others.length + 1);
  if (pick < NUMBERS.length) holder[key] = NUMBERS[pick];
  else if (pick < NUMBERS.length + others.length) holder[key] = others[pick - NUMBERS.length];
  else if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete holder[key];
}
