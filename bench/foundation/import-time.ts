// Prints the milliseconds that `import "partwise"` takes in this fresh process.
const start = performance.now();
await import("partwise");
console.log(performance.now() - start);
