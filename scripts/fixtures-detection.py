"""Random detection scenes and what pycocotools (the original COCO evaluation code) gives for them, as JSON.

python scripts/fixtures-detection.py --scenes 60 --seed 1 > tests/fixtures/detection/scenes.json

Scenes are small and nasty on purpose: crowds, `ignore` flags, equal scores, equal boxes, empty images, categories without boxes, areas on
the limits of the size classes, boxes without area, more than 100 detections of one category in an image.
"""
import argparse
import contextlib
import io
import json
import random
from importlib.metadata import version

import numpy
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

SIDES = [0, 1, 5, 16, 31, 32, 33, 64, 95, 96, 97, 128, 200]


def box(draw):
    if draw.random() < 0.3:
        return [draw.randint(0, 3) * 8, draw.randint(0, 3) * 8, draw.choice(SIDES), draw.choice(SIDES)]
    return [round(draw.uniform(0, 40), 2), round(draw.uniform(0, 40), 2), round(draw.uniform(1, 150), 2), round(draw.uniform(1, 150), 2)]


def near(draw, base):
    if draw.random() < 0.25:
        return list(base)
    return [max(0, round(v + draw.uniform(-8, 8), 2)) for v in base]


def scene(draw):
    images = draw.randint(1, 6)
    categories = draw.randint(1, 4)
    annotations, detections = [], []
    for image in range(1, images + 1):
        if draw.random() < 0.15:
            continue
        for _ in range(draw.randint(0, 6)):
            b = box(draw)
            area = b[2] * b[3] if draw.random() < 0.5 else draw.choice([32.0**2, 96.0**2, 100.0, 5000.0, 20000.0])
            row = dict(image_id=image, category_id=draw.randint(1, categories), bbox=b, area=area, iscrowd=int(draw.random() < 0.15))
            if draw.random() < 0.1:
                row["ignore"] = 1
            annotations.append(row)
    many = draw.random() < 0.05
    for image in range(1, images + 1):
        own = [a for a in annotations if a["image_id"] == image]
        for _ in range(draw.randint(100, 160) if many else draw.randint(0, 10)):
            if own and draw.random() < 0.7:
                a = draw.choice(own)
                b = near(draw, a["bbox"])
                category = a["category_id"] if draw.random() < 0.85 else draw.randint(1, categories)
            else:
                b, category = box(draw), 1 if many else draw.randint(1, categories)
            score = round(draw.random(), 1) if draw.random() < 0.5 else draw.random()
            detections.append(dict(image_id=image, category_id=category, bbox=b, score=score))
    for i, a in enumerate(annotations):
        a["id"] = i + 1
    return dict(images=images, categories=categories, annotations=annotations, detections=detections)


def judge(s):
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = dict(
            info={},
            images=[dict(id=i + 1) for i in range(s["images"])],
            categories=[dict(id=c + 1) for c in range(s["categories"])],
            annotations=json.loads(json.dumps(s["annotations"])),
        )
        truth.createIndex()
        found = truth.loadRes(json.loads(json.dumps(s["detections"])))
        e = COCOeval(truth, found, "bbox")
        e.evaluate()
        e.accumulate()
        e.summarize()
    precision = e.eval["precision"][:, :, :, 0, 2]
    per_category = [float(p[p > -1].mean()) if (p > -1).any() else -1.0 for p in (precision[:, :, c] for c in range(s["categories"]))]
    return dict(stats=[float(x) for x in e.stats], categories=per_category)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--scenes", type=int, default=60)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    draw = random.Random(given.seed)
    rows = []
    while len(rows) < given.scenes:
        s = scene(draw)
        # pycocotools cannot read an empty list of detections.
        if not s["detections"]:
            continue
        rows.append(dict(scene=s, expected=judge(s)))
    print('{"pycocotools":"%s","numpy":"%s","seed":%d,"scenes":[' % (version("pycocotools"), numpy.__version__, given.seed))
    print(",\n".join(json.dumps(r, separators=(",", ":")) for r in rows))
    print("]}")


main()
