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

/** A list by commas, blanks around the entries left out. */
export function list(text: string): string[] {
  const entries = text.split(",").map((entry) => entry.trim());
  if (entries.some((entry) => entry === "")) throw new InvalidArgumentError("It must be names by commas, such as a,b.");
  return entries;
}

/** A share: at least 0 and below 1. */
export function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value < 1) return value;
  throw new InvalidArgumentError("It must be a number >= 0 and < 1, such as 0.2.");
}

/** A number above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("It must be a number > 0.");
}
