// The fields that people write into.

export type Field = HTMLInputElement | HTMLTextAreaElement;

/** More than any form that people fill in by hand; what comes after is not looked at. */
const FIELDS_MAX = 200;
const NOT_WRITTEN = ["hidden", "submit", "button", "reset", "image", "checkbox", "radio", "file", "range", "color"];

export function isField(target: unknown): target is Field {
  if (target instanceof HTMLTextAreaElement) return true;
  return target instanceof HTMLInputElement && !NOT_WRITTEN.includes(target.type);
}

export function fieldsOf(form: HTMLFormElement | undefined): Field[] {
  return form === undefined ? [] : Array.from(form.elements).slice(0, FIELDS_MAX).filter(isField);
}
