// Segments from bytes: the other side of columns.py.

async function inflated(bytes) {
  if (typeof DecompressionStream === "undefined") {
    throw new Error("this browser cannot unpack the rows (DecompressionStream is missing); a newer one can");
  }
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function bytesOfBase64(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

// Columns by name, each an Int32Array.
function decodedSegments(bytes, facts) {
  const n = facts.segments, names = facts.columns;
  if (bytes.length !== 4 * n * names.length) throw new Error("the rows are damaged: their number is not as announced");
  const raw = {};
  names.forEach((name, index) => { raw[name] = joinedPlanes(bytes, 4 * n * index, n); });
  for (const axis of ["x", "y", "z"]) followPath(raw["start_" + axis], raw["end_" + axis]);
  followTime(raw.begin, raw.lasts);
  const row = raw.row;
  for (let i = 1; i < n; i++) row[i] += row[i - 1] + 1;
  for (const name of ["kind", "recipe", "part", "section", "count", "dose"]) summed(raw[name]);
  return raw;
}

function joinedPlanes(bytes, at, n) {
  const out = new Int32Array(n);
  const b = at + n, c = b + n, d = c + n;
  for (let i = 0; i < n; i++) out[i] = bytes[at + i] | (bytes[b + i] << 8) | (bytes[c + i] << 16) | (bytes[d + i] << 24);
  return out;
}

function summed(values) {
  for (let i = 1; i < values.length; i++) values[i] += values[i - 1];
}

function followPath(start, end) {
  let at = 0, way = 0;
  for (let i = 0; i < start.length; i++) {
    start[i] += at;
    way = (way + end[i]) | 0;
    end[i] = start[i] + way;
    at = end[i];
  }
}

function followTime(begin, lasts) {
  summed(lasts);
  let now = 0;
  for (let i = 0; i < begin.length; i++) {
    begin[i] += now;
    now = (begin[i] + lasts[i]) | 0;
  }
}
