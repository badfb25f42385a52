import type { CommandEntry } from "./cli-command.js";

/** The commands of `partwise`, in the order its help shows them. */
export const commandTable: readonly CommandEntry[] = [
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
