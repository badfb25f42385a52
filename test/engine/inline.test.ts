import { InlineEngine } from "#src/engine/inline/inline-engine.js";
import { engineCases } from "./engine-cases.js";

const noWorkers = "it runs in the calling thread and has no workers to lose";
const noSpill = "it holds small data only and never spills";

engineCases(
  "inline",
  () => {
    const engine = new InlineEngine(2 ** 26);
    return { engine, heldBytes: () => engine.heldBytes };
  },
  {
    scriptArguments: ["inline"],
    skip: [
      { case: "the loss of a worker in the middle of a task is invisible", reason: noWorkers },
      { case: "a task that kills three workers fails and is named, with its partition", reason: noWorkers },
      { case: "values beyond the memory limit are spilled and come back as they were", reason: noSpill },
      { case: "a kept value whose spilled bytes are lost is made again", reason: noSpill },
      { case: "lost values are made again through ancestors that were freed", reason: noSpill },
      { case: "a value that is lost while many tasks wait for it is made once, and all of them run", reason: noSpill },
      { case: "a signal that is aborted after its graph is done does not stop recovery", reason: noSpill },
      { case: "a value that was put without a source and is lost says so", reason: noSpill },
    ],
  },
);
