// Which lines differ between two texts.

export interface Line {
  kind: "+" | "-" | " " | "…";
  text: string;
}

/** Lines around a change that are shown with it. */
const AROUND = 3;
/** Beyond so many pairs of lines the middle is shown as replaced: the table of common lines would take too much memory. */
const CELLS_MAX = 4_000_000;

/** The lines of both texts in order, with unchanged ones far from any change left out. */
export function differences(before: string, after: string): Line[] {
  const [old, fresh] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start++;
  let end = 0;
  while (end < old.length - start && end < fresh.length - start && old[old.length - 1 - end] === fresh[fresh.length - 1 - end]) end++;
  const same = (text: string): Line => ({ kind: " ", text });
  const lines = [
    ...old.slice(0, start).map(same),
    ...middle(old.slice(start, old.length - end), fresh.slice(start, fresh.length - end)),
    ...old.slice(old.length - end).map(same),
  ];
  return shortened(lines);
}

/** The longest common subsequence (Hunt and Szymanski's problem, by the plain table). */
function middle(old: string[], fresh: string[]): Line[] {
  const taken = (text: string): Line => ({ kind: "-", text });
  const put = (text: string): Line => ({ kind: "+", text });
  if (old.length * fresh.length > CELLS_MAX) return [...old.map(taken), ...fresh.map(put)];
  const width = fresh.length + 1;
  const common = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = fresh.length - 1; j >= 0; j--) {
      common[i * width + j] = old[i] === fresh[j] ? common[(i + 1) * width + j + 1]! + 1 : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && old[i] === fresh[j]) {
      lines.push({ kind: " ", text: old[i]! });
      i++;
      j++;
    } else if (j >= fresh.length || (i < old.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!)) {
      lines.push(taken(old[i++]!));
    } else {
      lines.push(put(fresh[j++]!));
    }
  }
  return lines;
}

function shortened(lines: Line[]): Line[] {
  const near = lines.map((_, at) => lines.slice(Math.max(0, at - AROUND), at + AROUND + 1).some((line) => line.kind !== " "));
  const kept: Line[] = [];
  lines.forEach((line, at) => {
    if (near[at]) kept.push(line);
    else if (kept.at(-1)?.kind !== "…") kept.push({ kind: "…", text: "" });
  });
  return kept;
}
