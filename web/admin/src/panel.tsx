import { render } from "preact";
import { App } from "./app.js";
import { chooseLanguage, preferredLanguage } from "./text.js";
import { applyTheme } from "./theme.js";

applyTheme();
const place = document.getElementById("panel");
if (place) {
  // Without its texts it would say nothing; English is what the keys look like.
  void chooseLanguage(preferredLanguage(), false).finally(() => render(<App />, place));
}
