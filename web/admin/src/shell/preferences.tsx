import { useState } from "preact/hooks";
import { Select } from "../components/field.js";
import { LANGUAGES, chooseLanguage, useLanguage, words, type Language } from "../text.js";
import { THEMES, chooseTheme, currentTheme } from "../theme.js";
import type en from "./en.json";

const t = words<typeof en>("shell");

/** Theme and language, which the browser keeps. */
export function Preferences() {
  const language = useLanguage();
  const [theme, setTheme] = useState(currentTheme());
  return (
    <div class="preferences">
      <Select
        label={t("theme")}
        value={theme}
        options={THEMES.map((name) => [name, t(`theme_${name}`)] as const)}
        onChange={(name) => {
          chooseTheme(name);
          setTheme(name);
        }}
      />
      <Select label={t("language")} value={language} options={Object.entries(LANGUAGES) as Array<[Language, string]>} onChange={(name) => void chooseLanguage(name)} />
    </div>
  );
}
