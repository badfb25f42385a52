import type { CommandEntry, CommandModule } from "./cli-command.js";

/** The commands of `partwise`, in the order its help shows them. */
export const commandTable: readonly CommandEntry[] = [
  {
    name: "fit",
    summary: "fit an estimator to files and save it",
    load: withModels(() => import("./commands/fit.js")),
  },
  {
    name: "predict",
    summary: "score a data set into files",
    load: withModels(() => import("./commands/predict.js")),
  },
  {
    name: "score",
    summary: "measure a model on rows whose target is known",
    load: withModels(() => import("./commands/score.js")),
  },
  {
    name: "search",
    summary: "try parameters and save the best model",
    load: withModels(() => import("./commands/search.js")),
  },
  {
    name: "inspect",
    summary: "show what a model file holds",
    load: withModels(() => import("./commands/inspect.js")),
  },
  {
    name: "explain",
    summary: "show which columns a model lives on",
    load: withModels(() => import("./commands/explain.js")),
  },
  {
    name: "convert",
    summary: "write a model in another format",
    load: withModels(() => import("./commands/convert.js")),
  },
  {
    name: "datasets",
    summary: "list the data sets that come along, or write one",
    load: () => import("./commands/datasets.js"),
  },
  {
    name: "doctor",
    summary: "check this machine, and a cluster, for all that partwise needs",
    load: () => import("./commands/doctor.js"),
  },
  {
    name: "cluster",
    summary: "start a Dask cluster on this machine for trials",
    load: () => import("./commands/cluster.js"),
  },
];

/** A command that meets model files: the package's entry knows where the classes in them come from. */
function withModels(load: () => Promise<CommandModule>): () => Promise<CommandModule> {
  return async () => {
    await import("../index.js");
    return load();
  };
}
