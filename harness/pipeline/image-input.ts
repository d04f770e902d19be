import { HarnessError } from "../domain/errors.ts";
import type { InspectReport } from "../quantize/inspect.ts";

/** The one image input of a classifier. */
export interface ImageInput {
  readonly name: string;
  readonly layout: "nhwc" | "nchw";
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly dtype: "float32" | "uint8";
  /** Classes of the first output, where its shape says. */
  readonly classes: number | undefined;
  /** False where the batch axis is fixed at 1. */
  readonly isBatched: boolean;
}

/** Reads layout and size off a model's input. CONFIG_MODEL_INVALID for anything but one image of known size. */
export function imageInput(report: InspectReport): ImageInput {
  const [input, ...others] = report.inputs;
  if (input === undefined || others.length > 0) {
    throw refuse(`the model has ${report.inputs.length} inputs, and images fit one`);
  }
  if (input.dtype !== "float32" && input.dtype !== "uint8")
    throw refuse(`the input ${input.name} is ${input.dtype ?? "untyped"}`);
  const shape = input.shape ?? [];
  const isChannels = (dim: unknown) => dim === 1 || dim === 3;
  const layout =
    shape.length !== 4 ? undefined : isChannels(shape[3]) ? "nhwc" : isChannels(shape[1]) ? "nchw" : undefined;
  const [height, width, channels] = layout === "nhwc" ? [shape[1], shape[2], shape[3]] : [shape[2], shape[3], shape[1]];
  if (layout === undefined || typeof height !== "number" || typeof width !== "number") {
    throw refuse(`the input ${input.name} has the shape [${shape.join(", ")}], not that of images of a fixed size`);
  }
  const classes = report.outputs[0]?.shape?.at(-1);
  return {
    name: input.name,
    layout,
    width,
    height,
    channels: channels as 1 | 3,
    dtype: input.dtype,
    classes: typeof classes === "number" ? classes : undefined,
    isBatched: shape[0] !== 1,
  };
}

function refuse(why: string): HarnessError {
  return new HarnessError("CONFIG_MODEL_INVALID", `No starter config can be written: ${why}`, {
    hint: "Write a config by hand: docs/configs.md describes every field.",
  });
}
