import { ParameterError, show } from "../../src/base/errors.js";

/** A compiled `tokenPattern`. */
export interface TokenPattern {
  readonly pattern: RegExp;
  /** Whether a group of the pattern is the token, not the whole match. */
  readonly grouped: boolean;
  /** Letters of a token at least, where tokens are runs of letters, digits and underscores; else undefined. */
  readonly runs: number | undefined;
}

// What Python's regular expressions mean by these for text; JavaScript's own stop at ASCII.
const WORD = "\\p{L}\\p{N}_";
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const CLASSES: Readonly<Record<string, string>> = { w: WORD, d: "\\p{Nd}", s: SPACE };
const EDGE = `(?:(?<=[${WORD}])(?![${WORD}])|(?<![${WORD}])(?=[${WORD}]))`;
const NO_EDGE = `(?:(?<=[${WORD}])(?=[${WORD}])|(?<![${WORD}])(?![${WORD}]))`;

/** One character of whitespace as Python sees it. */
export const WHITESPACE = `[${SPACE}]`;

/**
 * A pattern as scikit-learn's users write it. It is a JavaScript regular expression in Unicode mode, except that `\w`,
 * `\d`, `\s`, `\b` and their opposites are Unicode's, as in Python, and that Python's `(?u)`, `(?i)` in front and
 * `(?P<name>...)` are taken.
 * @throws ParameterError for a pattern that is none, or that has more than one group
 */
export function compileTokens(owner: string, source: string): TokenPattern {
  const flags = /^\(\?([iu]+)\)/.exec(source);
  const body = source.slice(flags?.[0].length ?? 0);
  const ignoreCase = flags?.[1]?.includes("i") ?? false;
  const runs = ignoreCase ? undefined : runsOf(body);
  try {
    const pattern = new RegExp(translated(body), ignoreCase ? "giu" : "gu");
    // With an empty alternative it matches, and tells how many groups there are.
    const groups = (new RegExp(`${pattern.source}|`, "u").exec("")?.length ?? 1) - 1;
    if (groups <= 1) return { pattern, grouped: groups === 1, runs };
    throw new ParameterError(
      `${owner}: tokenPattern must have at most one group, which is the word; got ${show(source)} with ${groups}. Write (?:...) for groups that only hold together.`,
    );
  } catch (cause) {
    if (cause instanceof ParameterError) throw cause;
    throw new ParameterError(
      `${owner}: tokenPattern must be a regular expression; got ${show(source)}: ${cause instanceof Error ? cause.message : String(cause)}. Escape its characters, or leave it out.`,
      { cause },
    );
  }
}

function runsOf(body: string): number | undefined {
  if (body === "\\b\\w\\w+\\b" || body === "\\w\\w+" || body === "\\w{2,}" || body === "\\b\\w{2,}\\b") return 2;
  return body === "\\b\\w+\\b" || body === "\\w+" ? 1 : undefined;
}

function translated(source: string): string {
  let out = "";
  let inClass = false;
  for (let i = 0; i < source.length; i++) {
    const char = source[i] as string;
    if (char === "\\") {
      const next = source[++i] ?? "";
      out += escaped(next, inClass);
    } else if (char === "(" && source.startsWith("(?P<", i) && !inClass) {
      out += "(?<";
      i += 3;
    } else {
      if (char === "[") inClass = true;
      if (char === "]") inClass = false;
      out += char;
    }
  }
  return out;
}

function escaped(letter: string, inClass: boolean): string {
  if (!inClass && letter === "b") return EDGE;
  if (!inClass && letter === "B") return NO_EDGE;
  const members = CLASSES[letter.toLowerCase()];
  if (members === undefined || letter === "") return `\\${letter}`;
  if (letter !== letter.toLowerCase()) return inClass ? opposite(letter) : `[^${members}]`;
  return inClass ? members : `[${members}]`;
}

// A class inside a class cannot be turned around in this mode: its opposite is a list of its own.
function opposite(letter: string): string {
  if (letter === "D") return "\\P{Nd}";
  if (letter === "S") return NO_SPACE;
  // All but letters, numbers and "_", which is connecting punctuation like those that are spelt out.
  return "\\p{M}\\p{Pd}\\p{Ps}\\p{Pe}\\p{Pi}\\p{Pf}\\p{Po}\\u203f\\u2040\\u2054\\ufe33\\ufe34\\ufe4d-\\ufe4f\\uff3f\\p{S}\\p{Z}\\p{C}";
}

const NO_SPACE =
  "\\0-\\x08\\x0e-\\x1b\\x21-\\x84\\x86-\\x9f\\xa1-\\u167f\\u1681-\\u1fff\\u200b-\\u2027\\u202a-\\u202e\\u2030-\\u205e\\u2060-\\u2fff\\u3001-\\u{10ffff}";
