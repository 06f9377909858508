// What runs on the graphics card. Places are µm from the middle of the scene; z is depth, positive downwards.

const SHOWN = `#version 300 es
precision highp float;
precision highp int;
uniform mat4 u_matrix;
uniform vec2 u_pixels;    // size of the picture
uniform float u_focal;    // pixels per µm at w = 1
uniform float u_time;     // s; what is done later is not there yet
uniform float u_stage;    // last step that is shown
uniform vec2 u_layer;     // depths that are shown
uniform float u_stretch;  // of depth
uniform float u_least;    // pixels that everything is wide, at least
uniform vec3 u_paper;
uniform vec4 u_near;      // direction of the eye per radius of the scene; how much of the paper lies over what is far
flat out vec3 v_colour;
flat out int v_id;
flat out int v_shape;
vec4 placed(vec3 at) { return u_matrix * vec4(at.xy, -at.z * u_stretch, 1.0); }
vec3 coloured(uvec4 look, vec3 at) {
  float far = clamp(-dot(vec3(at.xy, -at.z * u_stretch), u_near.xyz), 0.0, 1.0);
  vec3 colour = mix(vec3(look.rgb) / 255.0, u_paper, far * u_near.w);
  return (look.a & 3u) == 2u ? mix(colour, u_paper, 0.85) : colour;
}
`;

// Later steps lie on earlier ones, what is meant on what is dimmed.
const IN_FRONT = `
float in_front(float step, uvec4 look) { return 4e-6 * (step + 1.0) + ((look.a & 3u) == 2u ? 0.0 : 4e-5); }
`;

const DOT_VERTEX = SHOWN + IN_FRONT + `
layout(location = 0) in vec3 a_at;
layout(location = 1) in float a_done;
layout(location = 2) in float a_step;
layout(location = 3) in float a_width;
layout(location = 4) in uvec4 a_look;
out float v_size;
void main() {
  v_id = gl_VertexID;
  v_colour = coloured(a_look, a_at);
  v_shape = int(a_look.a >> 2u);
  gl_PointSize = 1.0;
  gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  v_size = 1.0;
  if ((a_look.a & 3u) == 0u || a_done > u_time || a_step > u_stage || a_at.z < u_layer.x || a_at.z > u_layer.y) return;
  gl_Position = placed(a_at);
  v_size = max(u_least, a_width * u_focal / max(gl_Position.w, 1e-6));
  gl_PointSize = v_size;
  gl_Position.z -= in_front(a_step, a_look) * gl_Position.w;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
uniform bool u_pick;
uniform bool u_flat;
uniform int u_first;
flat in vec3 v_colour;
flat in int v_id;
flat in int v_shape;
out vec4 o_colour;
void put(vec3 colour) {
  int id = v_id + u_first;
  o_colour = u_pick ? vec4(vec3(id & 255, (id >> 8) & 255, (id >> 16) & 255) / 255.0, 1.0) : vec4(colour, 1.0);
}
`;

const DOT_FRAGMENT = FRAGMENT + `
in float v_size;
void main() {
  vec2 at = 2.0 * gl_PointCoord - 1.0;
  float away = v_shape == 1 ? max(abs(at.x), abs(at.y)) * 1.12
    : v_shape == 2 ? abs(at.x) + abs(at.y)
    : v_shape == 3 ? max(at.y, 2.0 * abs(at.x) - at.y)
    : length(at);
  if (v_size > 2.5 && away > 1.0) discard;
  if (v_shape == 4 && v_size > 5.0 && away < 0.5) discard;
  // A rim tells neighbours apart, a light from above makes a voxel round.
  float shade = u_flat || v_size < 5.0 ? 1.0 : (0.72 + 0.28 * sqrt(max(0.0, 1.0 - away * away))) * (away > 0.88 ? 0.7 : 1.0);
  put(v_colour * shade);
}`;

const LINE_VERTEX = SHOWN + IN_FRONT + `
layout(location = 0) in vec3 a_start;
layout(location = 1) in vec3 a_end;
layout(location = 2) in vec2 a_time;   // begins, lasts
layout(location = 3) in float a_step;
layout(location = 4) in float a_width;
layout(location = 5) in float a_count; // shots, 0 = a line
layout(location = 6) in uvec4 a_look;
out vec2 v_at;          // pixels along and across
flat out vec3 v_form;   // length, half width, distance of shots; pixels
void main() {
  v_id = gl_InstanceID;
  v_colour = coloured(a_look, a_end);
  v_shape = int(a_look.a >> 2u);
  gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  v_at = vec2(0.0);
  v_form = vec3(1.0);
  float middle = 0.5 * (a_start.z + a_end.z);
  if ((a_look.a & 3u) == 0u || a_time.x >= u_time || a_step > u_stage || middle < u_layer.x || middle > u_layer.y) return;
  float done = clamp((u_time - a_time.x) / max(a_time.y, 1e-9), 0.0, 1.0);
  vec4 a = placed(a_start), b = placed(mix(a_start, a_end, done));
  // What lies behind the eye is cut away.
  const float nearest = 1e-4;
  if (a.w < nearest && b.w < nearest) return;
  if (a.w < nearest) a = mix(a, b, (nearest - a.w) / (b.w - a.w));
  if (b.w < nearest) b = mix(b, a, (nearest - b.w) / (a.w - b.w));
  vec2 from = a.xy / a.w * 0.5 * u_pixels, to = b.xy / b.w * 0.5 * u_pixels;
  float size = distance(from, to);
  vec2 along = size > 1e-6 ? (to - from) / size : vec2(1.0, 0.0);
  bool is_end = (gl_VertexID & 1) == 1;
  vec4 here = is_end ? b : a;
  float half_width = 0.5 * max(u_least, a_width * u_focal / max(here.w, 1e-6));
  float side = gl_VertexID < 2 ? -1.0 : 1.0;
  float ahead = is_end ? half_width : -half_width;
  vec2 moved = along * ahead + vec2(-along.y, along.x) * side * half_width;
  gl_Position = vec4(here.xy + moved / (0.5 * u_pixels) * here.w, here.zw);
  gl_Position.z -= in_front(a_step, a_look) * here.w;
  v_at = vec2((is_end ? size : 0.0) + ahead, side * half_width);
  v_form = vec3(size, half_width, a_count > 1.5 ? size / max(done, 1e-6) / (a_count - 1.0) : 0.0);
}`;

const LINE_FRAGMENT = FRAGMENT + `
in vec2 v_at;
flat in vec3 v_form;
void main() {
  float size = v_form.x, half_width = v_form.y, apart = v_form.z;
  float beyond = v_at.x - clamp(v_at.x, 0.0, size);
  float away = length(vec2(beyond, v_at.y)) / half_width;
  if (apart > 3.0) {
    float shot = clamp(round(v_at.x / apart), 0.0, floor(size / apart + 0.5)) * apart;
    away = length(vec2(v_at.x - shot, v_at.y)) / half_width;
  }
  if (half_width > 1.2 && away > 1.0) discard;
  if (v_shape > 0 && fract(v_at.x / (4.0 + 5.0 * float(v_shape))) > 0.7) discard;
  float shade = u_flat || half_width < 2.5 ? 1.0 : (away > 0.82 ? 0.72 : 1.0);
  put(v_colour * shade);
}`;

const TRAVEL_VERTEX = SHOWN + `
layout(location = 0) in vec3 a_start;
layout(location = 1) in vec3 a_end;
layout(location = 2) in vec2 a_time;
layout(location = 3) in float a_step;
uniform vec3 u_colour;
void main() {
  v_id = 0;
  v_shape = 0;
  v_colour = u_colour;
  gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  bool inside = min(a_start.z, a_end.z) >= u_layer.x && max(a_start.z, a_end.z) <= u_layer.y;
  if (a_time.x >= u_time || a_step > u_stage || !inside) return;
  float done = clamp((u_time - a_time.x) / max(a_time.y, 1e-9), 0.0, 1.0);
  gl_Position = placed(gl_VertexID == 0 ? a_start : mix(a_start, a_end, done));
}`;

const EDGE_VERTEX = SHOWN + `
layout(location = 0) in vec3 a_at;
uniform vec3 u_colour;
void main() {
  v_id = 0;
  v_shape = 0;
  v_colour = u_colour;
  gl_Position = placed(a_at);
}`;

const PLAIN_FRAGMENT = FRAGMENT + `
void main() { put(v_colour); }`;
