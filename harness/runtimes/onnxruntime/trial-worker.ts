// Main of the child process of one trial: started by onnxruntime.ts, never imported.
import type { TrialRequest } from "../../domain/runtime-port.ts";
import { serveRequests } from "../../platform/worker-child.ts";
import { runTrialHere } from "./run-trial.ts";

serveRequests((request) => runTrialHere(request as TrialRequest));
