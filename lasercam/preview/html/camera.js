// Where the picture is seen from. World: µm from the middle of the scene, x right, y up on the sample, z out of it.

const HALF_FIELD = Math.tan((15 * Math.PI) / 180);

class Camera {
  constructor() {
    this.perspective = false;
    this.radius = 1;
    this.look([0, 0, 0], 2, "orbit");
  }

  // Show what lies within a radius of a place.
  look(target, radius, view) {
    const angles = { orbit: [-0.6, 0.75], top: [0, Math.PI / 2], front: [0, 0], side: [Math.PI / 2, 0] };
    [this.yaw, this.pitch] = angles[view];
    this.target = target;
    this.height = 2.15 * Math.max(radius, 1e-3);
  }

  turn(yaw, pitch) {
    this.yaw += yaw;
    this.pitch = Math.min(Math.PI / 2, Math.max(-Math.PI / 2, this.pitch + pitch));
  }

  // Move the picture by pixels.
  move(dx, dy, pixels) {
    const scale = this.height / pixels[1];
    const { right, up } = this.axes();
    this.target = added(added(this.target, right, -dx * scale), up, dy * scale);
  }

  // Closer (factor below 1) or farther, keeping what lies under a place of the picture (−1 to 1) where it is.
  zoom(factor, at, pixels) {
    const height = Math.min(Math.max(this.height * factor, 1e-3), 1e8);
    const change = (this.height - height) / 2;
    const { right, up } = this.axes();
    const wide = pixels[0] / pixels[1];
    this.target = added(added(this.target, right, at[0] * change * wide), up, at[1] * change);
    this.height = height;
  }

  axes() {
    const { yaw, pitch } = this;
    const right = [Math.cos(yaw), Math.sin(yaw), 0];
    const toEye = [Math.cos(pitch) * Math.sin(yaw), -Math.cos(pitch) * Math.cos(yaw), Math.sin(pitch)];
    return { right, toEye, up: cross(toEye, right) };
  }

  // The matrix, and pixels per µm at the distance w = 1.
  seen(pixels) {
    const { right, up, toEye } = this.axes();
    const reach = Math.hypot(...this.target) + this.radius;
    const across = 2 / (this.height * (pixels[0] / pixels[1])), along = 2 / this.height;
    const from = (axis) => [...axis, -dot(axis, this.target)];
    const x = from(right), y = from(up), near = from(toEye);
    if (!this.perspective) {
      const rows = [x.map((v) => v * across), y.map((v) => v * along), near.map((v) => -v / reach), [0, 0, 0, 1]];
      return { matrix: matrixOf(rows), focal: pixels[1] / this.height };
    }
    const distance = this.height / (2 * HALF_FIELD);
    const first = Math.max(distance - reach, distance * 0.02), last = distance + reach;
    const depth = near.map((v) => -v);
    depth[3] += distance; // depth in front of the eye
    const scale = (last + first) / (last - first), shift = (-2 * last * first) / (last - first);
    const z = depth.map((v) => v * scale);
    z[3] += shift;
    const rows = [x.map((v) => v * across * distance), y.map((v) => v * along * distance), z, depth];
    return { matrix: matrixOf(rows), focal: (pixels[1] / this.height) * distance };
  }
}
