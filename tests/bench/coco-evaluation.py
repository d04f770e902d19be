"""Times pycocotools' evaluate and accumulate on a generated set: FOLDER with truth.json and found.json -> {"seconds": ..., "ap": ...}."""
import contextlib
import io
import json
import sys
import time

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

folder = sys.argv[1]
with contextlib.redirect_stdout(io.StringIO()):
    truth = COCO(f"{folder}/truth.json")
    found = truth.loadRes(f"{folder}/found.json")
    start = time.perf_counter()
    e = COCOeval(truth, found, "bbox")
    e.evaluate()
    e.accumulate()
    e.summarize()
    seconds = time.perf_counter() - start
print(json.dumps(dict(seconds=seconds, ap=float(e.stats[0]))))
