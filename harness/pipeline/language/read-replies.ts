import { packBits } from "../../aggregate/run-record.ts";
import { HarnessError } from "../../domain/errors.ts";
import type { TrialLine } from "../../domain/generated/journal-v1.ts";
import type { Plan } from "../../domain/generated/plan-v1.ts";
import type { Replies, StoredReply } from "../../domain/generated/replies-v1.ts";
import { parseJson } from "../../platform/json.ts";
import { validator } from "../../platform/schema.ts";
import type { RunFolder } from "../../store/run-folder.ts";
import { replyDigest } from "./reply-line.ts";

/** Reads the replies of a trial; its scores and digests must be theirs (STORE_CORRUPT). Undefined for a trial without any. */
export async function readReplies(
  folder: RunFolder,
  { trial_id, evaluates, items, measured }: TrialLine,
  { plan, order }: { readonly plan: Plan; readonly order: Int32Array | undefined },
): Promise<Replies | undefined> {
  const language = measured?.language;
  if (language === undefined) return undefined;
  const bytes = await folder.getArray(language.replies);
  const text = new TextDecoder().decode(bytes as Uint8Array);
  const what = `the replies of the trial ${trial_id}`;
  const document = validator.validate<Replies>("replies.v1", parseJson(text, { what }), {
    what,
    code: "STORE_CORRUPT",
  });
  const byItem = new Map(document.replies.map((reply) => [reply.item, reply]));
  const { subset } = plan.canary;
  const evaluated =
    evaluates === "all"
      ? Array.from({ length: plan.dataset.count }, (_, item) => item)
      : evaluates === "items"
        ? Array.from(order?.subarray(items?.from ?? 0, (items?.from ?? 0) + (items?.count ?? 0)) ?? [])
        : [...subset];
  const of = (wanted: readonly number[]) => wanted.map((item) => byItem.get(item));
  const [all, few] = [of(evaluated), of(subset)];
  const isThere = (replies: readonly (StoredReply | undefined)[]): replies is StoredReply[] =>
    !replies.includes(undefined);
  const isWhole =
    isThere(all) &&
    isThere(few) &&
    packBits(all.map(({ success }) => success)) === measured?.quality.correct_bits &&
    packBits(all.map(({ adherence }) => (adherence === 1 ? 1 : 0))) === language.adherence.kept_bits &&
    replyDigest(few) === measured.subset.outputs_sha256 &&
    (measured.outputs_sha256 === null || replyDigest(all) === measured.outputs_sha256);
  if (isWhole) return document;
  throw new HarnessError("STORE_CORRUPT", `The scores of the trial ${trial_id} are not those of its replies`, {
    hint: "Restore the run from a copy, or run the sweep again.",
  });
}
