import type { PublishAuditLine } from "../domain/generated/publish-audit-v1.ts";
import type { RegistryEntry } from "../domain/generated/registry-entry-v1.ts";

/** What happened to an alias, and why. */
type Move = Pick<PublishAuditLine, "at" | "by" | "op" | "registry" | "alias" | "version" | "previous" | "reason">;

/** The audit log's line of a move of an alias to an entry's version. */
export function auditLine(entry: RegistryEntry, move: Move): PublishAuditLine {
  return {
    schema_version: "quantgate.publish-audit.v1",
    ...move,
    name: entry.name,
    sha256: entry.sha256,
    run_id: entry.run_id,
    variant_id: entry.variant_id,
    verdict: entry.verdict,
    forced: entry.forced,
  };
}
