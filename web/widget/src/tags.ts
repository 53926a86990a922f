// The languages that there are: a file each in `languages/`.

export const TAGS = ["en"] as const;
