import type { EstimatorJson } from "../../estimator/estimator.js";
import type { CheckedEstimator, TestSubject } from "../subject.js";

type SubjectClass = {
  new (params?: Record<string, unknown>): CheckedEstimator;
  fromJSON(json: EstimatorJson): CheckedEstimator;
  readonly table: { readonly owner: string };
};

/**
 * A subject made by a class's constructor, with the parameters that suit the checks' few hundred rows. Its name is the
 * class's unless `promises` has another.
 */
export function subjectOf<Promised extends Partial<TestSubject>>(
  Class: unknown,
  params: Record<string, unknown>,
  promises: Promised,
): Pick<TestSubject, "name" | "make" | "makeWith" | "fromJSON"> & Promised {
  const Made = Class as SubjectClass;
  return {
    name: Made.table.owner,
    make: () => new Made(params),
    makeWith: (own) => new Made({ ...params, ...own }),
    fromJSON: (json) => Made.fromJSON(json),
    ...promises,
  };
}
