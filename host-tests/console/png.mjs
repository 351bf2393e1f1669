// A screenshot as a PNG of 256 colours: a third of what Chromium writes, and nobody sees a difference.

import { crc32, deflateSync, inflateSync } from "node:zlib";

function chunk(type, bytes) {
  const named = Buffer.concat([Buffer.from(type, "latin1"), bytes]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(bytes.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

/** The pixels of a PNG with 8 bits a channel and no interlace, the filters of its lines undone (PNG section 9). */
function decode(png) {
  const data = [];
  let header;
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const bytes = png.subarray(at + 8, at + 8 + png.readUInt32BE(at));
    const type = png.toString("latin1", at + 4, at + 8);
    if (type === "IHDR") header = bytes;
    if (type === "IDAT") data.push(bytes);
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const channels = header[9] === 6 ? 4 : 3;
  const [raw, line] = [inflateSync(Buffer.concat(data)), width * channels];
  const pixels = Buffer.alloc(line * height);
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (line + 1)];
    for (let x = 0; x < line; x += 1) {
      const left = x >= channels ? pixels[y * line + x - channels] : 0;
      const up = y ? pixels[(y - 1) * line + x] : 0;
      const corner = y && x >= channels ? pixels[(y - 1) * line + x - channels] : 0;
      const guess = left + up - corner;
      const [toLeft, toUp, toCorner] = [left, up, corner].map((one) => Math.abs(guess - one));
      const paeth = toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
      pixels[y * line + x] = raw[y * (line + 1) + 1 + x] + [0, left, up, (left + up) >> 1, paeth][filter];
    }
  }
  return { width, height, channels, pixels };
}

export function smaller(png) {
  const { width, height, channels, pixels } = decode(png);
  const times = new Map();
  const colour = (at) => (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2];
  for (let at = 0; at < pixels.length; at += channels) times.set(colour(at), (times.get(colour(at)) ?? 0) + 1);
  const palette = [...times].sort((one, other) => other[1] - one[1]).slice(0, 256).map(([one]) => one);
  const far = (one, other) => [16, 8, 0].reduce((sum, shift) => sum + (((one >> shift) & 255) - ((other >> shift) & 255)) ** 2, 0);
  const places = new Map([...times.keys()].map((one) => [one, palette.reduce((best, other, at) => (far(one, other) < far(one, palette[best]) ? at : best), 0)]));
  const lines = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) lines[y * (width + 1) + 1 + x] = places.get(colour((y * width + x) * channels));
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const colours = Buffer.from(palette.flatMap((one) => [one >> 16, (one >> 8) & 255, one & 255]));
  return Buffer.concat([png.subarray(0, 8), chunk("IHDR", header), chunk("PLTE", colours), chunk("IDAT", deflateSync(lines, { level: 9, memLevel: 9 })), chunk("IEND", Buffer.alloc(0))]);
}
