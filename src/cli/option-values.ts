import { InvalidArgumentError } from "commander";

/** An option's value as a whole number of at least `least`; Commander names the option in the complaint. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It must be a whole number >= ${least}.`);
  };
}

/** A size as Dask writes it: `2GB`, `512MiB`, bytes, `auto`, a share of the memory such as `0.5`. */
export function memorySize(text: string): string {
  if (/^(auto|\d+(\.\d+)?\s*([kmgt]i?)?b?)$/i.test(text.trim())) return text.trim();
  throw new InvalidArgumentError("It must be a size such as 2GB or 512MiB, a share such as 0.5, or auto.");
}

/** Collects `NAME=AMOUNT` words of an option that may be repeated. */
export function resourceTags(text: string, previous: Record<string, number> = {}): Record<string, number> {
  const [name = "", amount = ""] = text.split("=");
  const value = Number(amount);
  if (/^\w+$/.test(name) && amount.trim() !== "" && Number.isFinite(value) && value > 0) {
    return { ...previous, [name]: value };
  }
  throw new InvalidArgumentError("It must be NAME=AMOUNT with an amount > 0, such as GPU=1.");
}
