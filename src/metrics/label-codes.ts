import { DataError, ParameterError, show } from "../base/errors.js";
import type { Label, LabelCodes } from "./metric-kernel.js";

/** Numbers stand for themselves. */
const numberCodes: LabelCodes = {
  encode(owner, label) {
    if (typeof label === "number" && Number.isFinite(label)) return label;
    throw new ParameterError(
      `${owner}: the label ${show(label)} is not a finite number, but the labels in yTrue are numbers. Name labels as they are in the data.`,
    );
  },
  decode: (code) => code,
};

/** True for a plain array of texts, judged by its first entry. */
export function isText(value: unknown): value is readonly string[] {
  return Array.isArray(value) && typeof value[0] === "string";
}

/**
 * The code of each text: its position among all texts of `lists` and `named` in ascending order of UTF-16 code units,
 * so that
 * codes order as the labels do. Numbers when there are no texts at all.
 */
export function labelCodes(lists: readonly (readonly string[])[], named: readonly Label[]): LabelCodes {
  if (lists.length === 0) return numberCodes;
  const texts = [
    ...new Set([...lists.flatMap((list) => [...new Set(list)]), ...named.filter((label) => typeof label === "string")]),
  ]
    .filter((text) => typeof text === "string")
    .sort((a, b) => (a < b ? -1 : 1));
  const codes = new Map(texts.map((text, code) => [text, code]));
  return {
    encode(owner, label) {
      const code = typeof label === "string" ? codes.get(label) : undefined;
      if (code !== undefined) return code;
      throw new ParameterError(
        `${owner}: the label ${show(label)} is not a text, but the labels in yTrue are texts. Name labels as they are in the data.`,
      );
    },
    decode: (code) => texts[code] as string,
  };
}

/** The texts as codes. @throws DataError naming the row of what is not a text */
export function encodeTexts(owner: string, name: string, texts: readonly unknown[], codes: LabelCodes): Int32Array {
  const out = new Int32Array(texts.length);
  for (let i = 0; i < texts.length; i++) {
    const text = texts[i];
    if (typeof text !== "string") {
      throw new DataError(
        `${owner}: ${name} starts with texts, but row ${i} is ${show(text)}. All labels of a call must be of one kind.`,
        {
          details: { row: i },
        },
      );
    }
    out[i] = codes.encode(owner, text);
  }
  return out;
}
