import { serveThread } from "../platform/thread-child.ts";
import { type LayerTask, quantizeLayer } from "../quantize/quantize-layer.ts";

serveThread((task) => ({ value: quantizeLayer(task as LayerTask) }));
