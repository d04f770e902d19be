import { HarnessError } from "../../domain/errors.ts";
import type { RowMapper } from "../../domain/runtime-port.ts";
import { type DetectionRowSettings, detectionRow } from "./detection-rows.ts";

/** Boxes of a detector's outputs, made in the process of a trial. CONFIG_MODEL_INVALID where an output has not the shape of the head. */
export function rowMapper(settings: DetectionRowSettings): RowMapper {
  return (output, dims) => {
    try {
      return detectionRow(output, dims, settings);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new HarnessError(
        "CONFIG_MODEL_INVALID",
        `The model's output of shape [${dims.join(", ")}] is not that of the head ${settings.head.kind}: ${cause.message}.`,
        { hint: 'Correct "head" in the config\'s "detection", or the size of the dataset\'s images.', cause },
      );
    }
  };
}
