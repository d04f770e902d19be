import { hostname, userInfo } from "node:os";

/** Who acts, for audit logs. */
export function actor(): string {
  let user = "unknown";
  try {
    user = userInfo().username;
  } catch {
    // A container's user may have no name.
  }
  return `${user}@${hostname()}`;
}
