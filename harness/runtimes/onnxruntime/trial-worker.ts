// Main of the child process of one trial: started by onnxruntime.ts, never imported.
import type { TrialRequest } from "../../domain/runtime-port.ts";
import { serveRequests } from "../../platform/worker-child.ts";
import { runTrialHere } from "./run-trial.ts";
import { SlicedTrial, type StepRequest } from "./sliced-trial.ts";

const sliced = new SlicedTrial();

serveRequests((request) =>
  "step" in (request as object) ? sliced.run(request as StepRequest) : runTrialHere(request as TrialRequest),
);
