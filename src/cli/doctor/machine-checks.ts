import { mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { polars } from "../../collections/frame/polars.js";
import { compareVersions } from "../../engine/dask/versions.js";
import { loadKernelModule } from "../../kernels/load.js";
import { type Check, gigabytes, messageOf, ok, problem } from "./check.js";

const OLDEST_NODE = "20.19.0";
const LEAST_MEMORY = 2 ** 30;
const LEAST_DISK = 2 ** 30;

function nodeCheck(): Check {
  const found = `${process.versions.node} (${process.platform} ${process.arch})`;
  if (compareVersions(process.versions.node, OLDEST_NODE) >= 0) return ok("Node", found);
  return problem("Node", `${found}; ${OLDEST_NODE} or newer is needed`, "install Node 20.19 or newer");
}

function polarsCheck(): Check {
  try {
    const frame = polars().DataFrame({ a: [1, 2, 3] });
    return ok("Polars", `native part loaded, ${frame.height} rows read back`);
  } catch (error) {
    const mend = "npm install partwise --include=optional (the native part is an optional package of nodejs-polars)";
    return problem("Polars", `its native part does not load: ${messageOf(error)}`, mend);
  }
}

/** Compiles the kernels, which use SIMD, and makes the shared memory that they run on. */
function webAssemblyCheck(): Check {
  try {
    loadKernelModule();
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
    if (!(memory.buffer instanceof SharedArrayBuffer)) throw new Error("no shared memory");
    return ok("WebAssembly", "SIMD kernels compiled, 4 GiB of shared memory reserved");
  } catch (error) {
    const mend =
      "install Node 20.19 or newer; where `ulimit -v` limits the address space, lift it; else npm install partwise again";
    return problem("WebAssembly", messageOf(error), mend);
  }
}

function memoryCheck(): Check {
  // In a container the machine's memory is not what the program may use.
  const limit = process.constrainedMemory();
  const total = limit > 0 && limit < totalmem() ? limit : totalmem();
  const limited =
    total < totalmem() ? `, limited to that by the container (the machine has ${gigabytes(totalmem())})` : "";
  const found = `${gigabytes(total)}${limited}`;
  if (total < LEAST_MEMORY) return problem("Memory", found, "give the process or container at least 1 GiB");
  if (limited === "") return ok("Memory", found);
  return ok("Memory", `${found}: pass { memoryLimit: ${Math.floor(total * 0.6)} } to localEngine`);
}

async function diskCheck(): Promise<Check> {
  const folder = tmpdir();
  try {
    const made = await mkdtemp(join(folder, "partwise-doctor-"));
    await writeFile(join(made, "trial"), "written");
    await rm(made, { recursive: true });
  } catch (error) {
    const mend = "set TMPDIR to a folder that can be written to, or pass { tempDirectory } to localEngine";
    return problem("Temporary files", `${folder} cannot be written to: ${messageOf(error)}`, mend);
  }
  const { bavail, bsize } = await statfs(folder);
  const found = `${folder}, ${gigabytes(bavail * bsize)} free`;
  if (bavail * bsize >= LEAST_DISK) return ok("Temporary files", found);
  const mend = `free space in ${folder}, or set TMPDIR to a larger disk: data beyond the memory limit go there`;
  return problem("Temporary files", found, mend);
}

/** The checks of this machine, which everything needs. */
export async function machineChecks(): Promise<Check[]> {
  const threads = ok("Threads", `${availableParallelism()} (localEngine({ threads }) changes it)`);
  return [nodeCheck(), polarsCheck(), webAssemblyCheck(), threads, memoryCheck(), await diskCheck()];
}
