// Where the visitor goes afterwards: an address on this site, and nothing else.

/** The absolute address of `path` on `origin`, or the site's root when `path` is anything but a path on it. The server
 * checks too; this is the second lock. */
export function returnAddress(path: string, origin: string): string {
  const root = `${origin}/`;
  // A browser drops tabs and line ends inside an address and takes a backslash for a slash.
  if (!/^\/(?![/\\])[^\u0000-\u001f\u007f]*$/.test(path)) return root;
  try {
    const url = new URL(path, root);
    return url.origin === origin ? url.href : root;
  } catch {
    return root;
  }
}
