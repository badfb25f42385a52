import type * as Zod from "zod";
import { closest, ParameterError, show } from "./errors.js";
import { lazyRequire } from "./lazy-require.js";

/** The zod namespace as the parameter tables receive it. */
export type ZodNamespace = typeof Zod.z;

/** One parameter as the docs table and the tests see it. */
export interface ParamInfo {
  readonly name: string;
  readonly description: string;
  readonly default: unknown;
  /** JSON-schema-like rule: type, minimum, enum, anyOf. */
  readonly rule: Record<string, unknown>;
}

/**
 * The parameter table of one estimator: types, defaults, messages, docs and the bad values tests try, from one zod
 * schema. zod itself is loaded at the first use, because it is half of the start-up time of a program that only imports
 * partwise.
 */
export class ParamTable<P extends object> {
  readonly owner: string;
  readonly #build: (z: ZodNamespace) => Zod.ZodObject;
  #schema: Zod.ZodObject | undefined;

  constructor(owner: string, build: (z: ZodNamespace) => Zod.ZodObject) {
    this.owner = owner;
    this.#build = build;
  }

  get schema(): Zod.ZodObject {
    this.#schema ??= this.#build(loadZod());
    return this.#schema;
  }

  /** The parameters' names in the order of the table. */
  get names(): string[] {
    return Object.keys(this.schema.shape);
  }

  /**
   * Fills in defaults and checks every value.
   * @throws ParameterError naming owner, parameter, rule, value and next step
   */
  parse(input: object): Readonly<P> {
    if (typeof input !== "object" || input === null) {
      throw new ParameterError(
        `${this.owner}: parameters must be an object; got ${show(input)}. Pass { ${this.names.slice(0, 2).join(", ")}, ... } or nothing.`,
      );
    }
    const known = this.names;
    for (const name of Object.keys(input)) {
      if (known.includes(name)) continue;
      const near = closest(name, known);
      throw new ParameterError(
        `${this.owner}: unknown parameter ${show(name)}. ${near ? `Did you mean ${show(near)}? ` : ""}` +
          `It takes: ${known.join(", ") || "no parameters"}.`,
      );
    }
    // An explicit undefined means "not given", so that options can be passed through.
    const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
    const result = this.schema.safeParse(given);
    if (!result.success) {
      const issue = result.error.issues[0];
      const name = String(issue?.path[0] ?? "parameters");
      const value = (given as Record<string, unknown>)[name];
      const description = this.schema.shape[name]?.description;
      throw new ParameterError(
        `${this.owner}: ${name} ${ruleText(issue)}; got ${show(value)}.${description ? ` ${name}: ${description}` : ""}`,
      );
    }
    return Object.freeze(result.data) as Readonly<P>;
  }

  /** The table for docs and for tests that generate bad values. */
  describe(): ParamInfo[] {
    const z = loadZod();
    return Object.entries(this.schema.shape).map(([name, type]) => {
      const parsed = (type as Zod.ZodType).safeParse(undefined);
      return {
        name,
        description: (type as Zod.ZodType).description ?? "",
        default: parsed.success ? parsed.data : undefined,
        rule: z.toJSONSchema(type as Zod.ZodType, { unrepresentable: "any", io: "input" }) as Record<string, unknown>,
      };
    });
  }
}

function ruleText(issue: Zod.core.$ZodIssue | undefined): string {
  if (!issue) return "is not valid";
  switch (issue.code) {
    case "too_small":
      return `must be ${issue.inclusive === false ? ">" : ">="} ${issue.minimum}`;
    case "too_big":
      return `must be ${issue.inclusive === false ? "<" : "<="} ${issue.maximum}`;
    case "invalid_value":
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(show).join(", ")}`;
    case "invalid_type":
      if (issue.expected === "null") return "must be null";
      return `must be ${article(issue.expected === "int" ? "integer" : issue.expected)}`;
    case "invalid_union": {
      const texts = issue.errors.flatMap((branch) => branch.slice(0, 1).map((inner) => ruleText(inner)));
      return [...new Set(texts)].map((text, i) => (i === 0 ? text : text.replace(/^must be /, ""))).join(" or ");
    }
    default:
      return issue.message.startsWith("must") ? issue.message : `must be valid (${issue.message})`;
  }
}

function article(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`;
}

function loadZod(): ZodNamespace {
  return lazyRequire<typeof Zod>("zod").z;
}
