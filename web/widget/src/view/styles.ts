// The widget's styles in its shadow tree, without an inline style that a strict policy would refuse.

import css from "./widget.css";

let sheet: CSSStyleSheet | undefined;

/** An element's shadow tree with its styles, empty; also before anything is shown, so that it takes no room. `nonce` is
 * for browsers that cannot adopt a sheet. */
export function shadowOf(element: HTMLElement, nonce: string | undefined): ShadowRoot {
  // Of an earlier life of the element.
  const root = element.shadowRoot ?? element.attachShadow({ mode: "open" });
  root.replaceChildren();
  addStyles(root, nonce);
  return root;
}

function addStyles(root: ShadowRoot, nonce: string | undefined): void {
  if ("adoptedStyleSheets" in root && "replaceSync" in CSSStyleSheet.prototype) {
    if (sheet === undefined) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
    }
    root.adoptedStyleSheets = [sheet];
    return;
  }
  const style = document.createElement("style");
  if (nonce !== undefined) style.nonce = nonce;
  style.textContent = css;
  root.append(style);
}
