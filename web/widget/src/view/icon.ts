// The marks of the states: a ring that turns, a tick, a cross. They say nothing that the text does not.

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  working: "M14 4a10 10 0 1 0 10 10",
  done: "M5 15l6 6L23 8",
  failed: "M8 8l12 12M20 8L8 20",
} as const;

export function icon(of: keyof typeof PATHS): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 28 28");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[of]);
  svg.append(path);
  return svg;
}
