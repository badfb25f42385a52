import { WHITESPACE } from "./token-pattern.js";

/** What happens to a text before it is cut. */
export interface NormalizeSettings {
  readonly lowercase: boolean;
  readonly stripAccents: null | "ascii" | "unicode";
}

/** Small letters first, then no accents, as scikit-learn does it. */
export function normalizeText(text: string, { lowercase, stripAccents }: NormalizeSettings): string {
  const small = lowercase ? text.toLowerCase() : text;
  if (stripAccents === null) return small;
  const parts = small.normalize("NFKD");
  return stripAccents === "ascii" ? parts.replace(/[^\0-\x7f]/gu, "") : withoutMarks(parts);
}

/** Runs of whitespace as one space; for "char_wb" all whitespace, for "char" what is not alone. */
export function squeezeSpaces(text: string, all: boolean): string {
  return text.replace(all ? ANY_SPACES : RUNS_OF_SPACES, " ");
}

const ANY_SPACES = new RegExp(`${WHITESPACE}+`, "gu");
const RUNS_OF_SPACES = new RegExp(`${WHITESPACE}{2,}`, "gu");

function withoutMarks(text: string): string {
  let out = "";
  for (const char of text) if (char < "\u0300" || !isCombining(char)) out += char;
  return out;
}

const known = new Map<string, boolean>();

/**
 * Whether a character's canonical combining class is not 0, which is what Unicode calls combining and JavaScript has no
 * name for: normalising puts marks of lower class before U+0345, whose class, 240, is the highest and only its own.
 */
function isCombining(char: string): boolean {
  let combining = known.get(char);
  if (combining === undefined) {
    combining = char === "\u0345" || !`\u0345${char}`.normalize("NFD").startsWith("\u0345");
    known.set(char, combining);
  }
  return combining;
}
