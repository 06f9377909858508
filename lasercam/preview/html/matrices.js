// Three numbers are a place or a direction; sixteen are a matrix, column by column, as WebGL wants it.

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const added = (a, b, scale) => [a[0] + scale * b[0], a[1] + scale * b[1], a[2] + scale * b[2]];

// x, y, z, w of a place in clip space.
function clipped(matrix, place) {
  const [x, y, z] = place;
  return [0, 1, 2, 3].map((i) => matrix[i] * x + matrix[4 + i] * y + matrix[8 + i] * z + matrix[12 + i]);
}

// From rows of a linear map (four numbers each: weights of x, y, z and the shift).
function matrixOf(rows) {
  const out = new Float32Array(16);
  rows.forEach((row, i) => row.forEach((value, j) => { out[4 * j + i] = value; }));
  return out;
}
