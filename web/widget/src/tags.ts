// The languages that there are: a file each in `languages/`. Which of them somebody reviewed who grew up with them is in
// `languages/README.md`.

export const TAGS = [
  "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fil", "fr", "he", "hi", "hr", "hu",
  "id", "it", "ja", "ko", "lt", "lv", "ms", "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru", "sk", "sl", "sr", "sv",
  "th", "tr", "uk", "ur", "vi", "zh", "zh-Hant",
] as const;
