// Small drawings beside words, never instead of them.

const PATHS = {
  overview: "M3 13h4v4H3zM8 8h4v9H8zM13 3h4v14h-4z",
  captcha: "M10 2l7 3v5c0 4-3 7-7 8-4-1-7-4-7-8V5zM7 10l2 2 4-4",
  activity: "M2 10h4l2-6 4 12 2-6h4",
  support: "M3 10a7 7 0 0 1 14 0v4a2 2 0 0 1-2 2h-1v-5h3M3 11h3v5H5a2 2 0 0 1-2-2z",
  lists: "M7 5h10M7 10h10M7 15h10M3 5h.5M3 10h.5M3 15h.5",
  restrictions: "M10 2a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM4.5 4.5l11 11",
  exceptions: "M4 4h12v13H4zM4 8h12M7 2v4M13 2v4",
  policy: "M5 2h7l4 4v12H5zM12 2v4h4M8 10h5M8 13h5",
  review: "M4 3h12v14H4zM7 7h6M7 10h6M7 13h3",
  health: "M10 17s-7-4-7-9a4 4 0 0 1 7-2 4 4 0 0 1 7 2c0 5-7 9-7 9z",
  audit: "M10 2a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM10 6v4l3 2",
  users: "M7 9a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 17a5 5 0 0 1 10 0M13 9a3 3 0 0 0 0-6M14 12a5 5 0 0 1 4 5",
  account: "M10 10a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM3 18a7 7 0 0 1 14 0",
  ok: "M4 10l4 4 8-8",
  warning: "M10 3l8 14H2zM10 8v4M10 14.5v.5",
  danger: "M6 2h8l4 4v8l-4 4H6l-4-4V6zM10 6v5M10 13.5v.5",
  info: "M10 2a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM10 9v5M10 6v.5",
  off: "M5 10h10",
  menu: "M3 5h14M3 10h14M3 15h14",
  close: "M5 5l10 10M15 5L5 15",
  search: "M9 3a6 6 0 1 0 0 12A6 6 0 0 0 9 3zM13.5 13.5L18 18",
  add: "M10 4v12M4 10h12",
  down: "M5 8l5 5 5-5",
  remove: "M4 6h12M8 6V3h4v3M6 6l1 11h6l1-11",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
