/**
 * Estimators know their files by kind only once their module is loaded. What brings modules along (the package's entry)
 * says here how to load them, so that `loadModel` works without importing every model beforehand.
 */
const loaders: (() => Promise<unknown>)[] = [];

/** Adds a way to load modules that register estimators; called at the first unknown kind, once. */
export function addKindLoader(load: () => Promise<unknown>): void {
  loaders.push(load);
}

/** Loads what {@link addKindLoader} promised. */
export async function loadKinds(): Promise<void> {
  await Promise.all(loaders.splice(0).map((load) => load()));
}
