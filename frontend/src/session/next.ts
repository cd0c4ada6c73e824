/** Where to go after signing in. */

/** Only a path of this portal is gone back to: an address with a host in it could lead anywhere. */
export function inside(next: string | undefined): string {
  if (!next?.startsWith("/") || next.startsWith("//") || next.includes("\\")) return "/";
  const path = next.replace(/^\/portal(?=\/|$)/, "");
  return path === "" || path.startsWith("/login") ? "/" : path;
}
