import { InvalidArgumentError } from "commander";
import type { Declaring } from "./store-commands.ts";

/** `parity`: what is about other frameworks. */
export function declareFrameworkCommands({ command, action, wholeNumber }: Declaring): void {
  const atLeastZero = (text: string): number => wholeNumber(0)(text);
  const error = (text: string): number => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= 0)) throw new InvalidArgumentError("Must be a number of at least 0.");
    return value;
  };
  const sizes = (text: string): string[] => text.split(",").map((part) => part.trim());
  const collect = (text: string, before: string[] | undefined): string[] => [...(before ?? []), text];
  command(
    "parity",
    "a PyTorch model beside its ONNX export, on stored inputs",
    "parity model.pt2 model.onnx --config my-config.json",
  )
    .argument("<reference>", "PyTorch file: TorchScript (.pt) or an exported program (.pt2)")
    .argument("<model>", "its ONNX export; data: paths are under --data-dir")
    .requiredOption("--config <path>", "matrix config whose dataset gives the inputs")
    .option("--items <n>", "the first n items (256)", wholeNumber(1))
    .option("--max-mae <n>", "largest mean absolute error that passes (1e-5)", error)
    .option("--batch-sizes <list>", "tried beside a batch of one (8,32)", sizes)
    .option("--range <name=low:high>", "range that an output must keep; may be given several times", collect)
    .option("--blocks <n>", "interleaved blocks of the comparison of speeds (7); 0: none", atLeastZero)
    .option("--threads <n>", "threads of both", wholeNumber(1))
    .option("--data-dir <dir>", "root of data: paths (also QUANTGATE_DATA_DIR)")
    .option("--out <path>", "write the artifact here")
    .option("--json", "print JSON alone")
    .action(action(async () => (await import("./commands/parity.js")).runParity));
}
