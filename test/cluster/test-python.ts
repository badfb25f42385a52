/** The interpreter with Dask that `npm run test:cluster` made. */
export const testPython = process.env["PARTWISE_TEST_PYTHON"] ?? "python3";
