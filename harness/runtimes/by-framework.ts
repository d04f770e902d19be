import type { Runtime, TrialRequest } from "../domain/runtime-port.ts";

/**
 * Trials of PyTorch variants in one runtime and all others in another, in one session and one order of blocks.
 * Versions are those of both.
 */
export function byFramework(onnx: Runtime, torch: Runtime): Runtime {
  const of = ({ framework }: TrialRequest) => (framework === "pytorch" ? torch : onnx);
  return {
    kind: onnx.kind,
    versions: async () => ({ ...(await torch.versions()), ...(await onnx.versions()) }),
    runTrial: (request, options) => of(request).runTrial(request, options),
    async close() {
      await Promise.all([onnx.close(), torch.close()]);
    },
  };
}
