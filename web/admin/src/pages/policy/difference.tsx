import { words } from "../../text.js";
import type en from "./en.json";
import { differences } from "./lines.js";

const t = words<typeof en>("policy");

/** Two texts line by line; what was taken out and what was put in is marked by a sign, not by colour alone. */
export function Difference({ before, after }: { before: string; after: string }) {
  const lines = differences(before, after);
  const put = lines.filter((line) => line.kind === "+").length;
  const taken = lines.filter((line) => line.kind === "-").length;
  return (
    <div>
      <p class="quiet">{t("difference", { put, taken })}</p>
      <pre class="difference" tabIndex={0} role="region" aria-label={t("difference", { put, taken })}>
        {lines.map((line, at) => (
          <div key={at} class={line.kind === "+" ? "put" : line.kind === "-" ? "taken" : undefined}>
            {`${line.kind} ${line.text}`}
          </div>
        ))}
      </pre>
    </div>
  );
}
