import { Estimator } from "#src/estimator/estimator.js";

type AnyFunction = (...args: unknown[]) => unknown;
type Class = abstract new (...args: never[]) => object;

/**
 * What the cases have used: functions of a module that were called, methods of classes that were called, and the classes of
 * the objects that they were called on. A list by hand of what a test covers would say what somebody meant to call.
 */
export class Use {
  readonly #called = new Set<unknown>();
  readonly #watched = new Set<object>();

  /** The module's exports, which are noted when they are called. Classes are as they are: their methods tell. */
  of<T extends object>(exports: T): T {
    const noted = new Map<string | symbol, unknown>();
    return new Proxy({} as T, {
      get: (_, name) => {
        const value = (exports as Record<string | symbol, unknown>)[name];
        if (typeof value !== "function" || isClass(value)) return value;
        let wrapper = noted.get(name);
        if (!wrapper) noted.set(name, (wrapper = this.#noting(value as AnyFunction)));
        return wrapper;
      },
    });
  }

  /** Notes the calls of all methods of a class, its own and those that it inherits. */
  watch(Watched: Class): void {
    for (const object of chainOf(Watched)) {
      if (this.#watched.has(object)) continue;
      this.#watched.add(object);
      for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(object))) {
        const method: unknown = descriptor.value;
        if (name === "constructor" || typeof method !== "function" || isClass(method)) continue;
        Object.defineProperty(object, name, { ...descriptor, value: this.#noting(method as AnyFunction) });
      }
    }
  }

  /** Methods of a class that were not called, as `Owner.method`. */
  unusedMethods(Watched: Class): string[] {
    return methodsOf(Watched).flatMap(([name, method]) => (this.#called.has(method) ? [] : [name]));
  }

  /** Exports of a module that were not called: functions, and classes no method of which was called. */
  unusedExports(exports: object): string[] {
    return Object.entries(exports).flatMap(([name, value]) => {
      if (typeof value !== "function" || value.prototype instanceof Error) return [];
      return this.#called.has(value) ? [] : [name];
    });
  }

  #noting(original: AnyFunction): AnyFunction {
    const called = this.#called;
    const wrapper = function (this: unknown, ...args: unknown[]): unknown {
      called.add(wrapper).add(original);
      for (const one of classesOf(this)) called.add(one);
      return original.apply(this, args);
    };
    // A function that tasks name says where it is from.
    return Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(original)) as AnyFunction;
  }
}

/** The class of an object and those it extends; of a class itself when a static method is called. */
function classesOf(value: unknown): unknown[] {
  if (typeof value === "function") return [value];
  if (typeof value !== "object" || value === null) return [];
  const classes: unknown[] = [];
  for (
    let one = Object.getPrototypeOf(value) as object | null;
    one !== null;
    one = Object.getPrototypeOf(one) as object
  )
    classes.push(one.constructor);
  return classes;
}

function isClass(value: unknown): boolean {
  return typeof value === "function" && value.toString().startsWith("class");
}

/** Where a class's methods are: itself for static ones, its prototype, and those of its ancestors below `Estimator`. */
function chainOf(Watched: Class): object[] {
  const chain: object[] = [Watched];
  for (
    let one: object | null = Watched.prototype as object;
    one !== null && one !== Object.prototype && one !== Estimator.prototype;
    one = Object.getPrototypeOf(one) as object | null
  )
    chain.push(one);
  return chain;
}

function methodsOf(Watched: Class): [name: string, method: unknown][] {
  return chainOf(Watched).flatMap((object) => {
    const owner = typeof object === "function" ? object : object.constructor;
    return Object.entries(Object.getOwnPropertyDescriptors(object)).flatMap(([name, descriptor]) => {
      const method: unknown = descriptor.value;
      const counts = name !== "constructor" && typeof method === "function" && !isClass(method);
      return counts ? [[`${owner.name}.${name}`, method] as [string, unknown]] : [];
    });
  });
}
