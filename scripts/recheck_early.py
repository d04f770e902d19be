"""Part of recheck.py: verdicts of runs that may stop early, recomputed from what their trials evaluated.

Betting e-processes written from their definition (Waudby-Smith & Ramdas 2024): a product of (1 + stake x gain) for each of some stakes,
averaged; the claim is shown once the average reaches 1/alpha. The random order of the items is drawn again from the plan's seed.
"""

import base64
import math

STAKES = [0.01 + k * 0.94 / 11 for k in range(12)]
SIGN_STAKES = [0.3, 0.45, 0.6, 0.75, 0.85, 0.95]
CALL_FAIL_STAKES = [0.003, 0.01, 0.03, 0.06, 0.1]
WORD = 0xFFFFFFFF


def scramble(h):
    h = (h ^ h >> 16) * 0x85EBCA6B & WORD
    h = (h ^ h >> 13) * 0xC2B2AE35 & WORD
    return h ^ h >> 16


def words(seed):
    """xoshiro128** (Blackman & Vigna) from a text."""
    s = []
    lanes = (0x6A09E667, 0x9E3779B1), (0xBB67AE85, 0x85EBCA77), (0x3C6EF372, 0xC2B2AE3D), (0xA54FF53A, 0x27D4EB2F)
    for lane, (h, multiplier) in enumerate(lanes):
        for letter in seed:
            h = (scramble(h ^ ord(letter)) * multiplier + lane) & WORD
        s.append(scramble(h ^ len(seed)))
    for turn in range(2):
        for lane in range(4):
            s[lane] = scramble((s[lane] + s[(lane + 1) & 3] * 0x9E3779B1 + turn) & WORD)
    rotate = lambda x, k: (x << k | x >> (32 - k)) & WORD
    while True:
        yield rotate(s[1] * 5 & WORD, 7) * 9 & WORD
        t = s[1] << 9 & WORD
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2], s[3] = s[2] ^ t, rotate(s[3], 11)


def item_order(seed, n):
    source, order = words(f"{seed}/items"), [0] * n
    for i in range(n):
        limit = 2**32 - 2**32 % (i + 1)
        word = next(w for w in source if w < limit)
        order[i], order[word % (i + 1)] = order[word % (i + 1)], i
    return order


def wealth(values, margin, stakes, total=None):
    """Against "the mean is at least the margin", after each value in [-1, 1]; `total`: of the finite set that the values come from."""
    capital, lost, whole = [1 / len(stakes)] * len(stakes), 0.0, None if total is None else total * margin
    if whole is not None and abs(whole - round(whole)) < 1e-9 * max(1, abs(round(whole))):
        whole = round(whole)
    for i, d in enumerate(values):
        mean = margin if whole is None else (whole - lost) / (total - i)
        lost += d
        if mean > 1 or (mean == 1 and d < 1):
            capital = [math.inf]
        elif mean < 1 and capital != [math.inf]:
            safe = max(mean, -1)
            capital = [c * (1 + stake * (safe - d) / (1 - safe)) for c, stake in zip(capital, stakes)]
        if whole is not None and i + 1 == total and lost < whole:
            capital = [math.inf]
        yield sum(capital)


def met(groups, margin, sizes, stakes=STAKES):
    """Largest evidence that every group's mean is below the margin: the weakest group's."""
    peaks = [max([1, *wealth([d for g, d in groups if g == k], margin, stakes, n)]) for k, n in sizes.items()]
    return min(peaks)


def violated(groups, margin, sizes, stakes=STAKES):
    """Largest evidence that some group's mean is above the margin: the running mean over the groups."""
    runs = {k: wealth([-d for g, d in groups if g == k], -margin, stakes, n) for k, n in sizes.items()}
    now, most = dict.fromkeys(sizes, 1.0), 1.0
    for k, _ in groups:
        now[k] = min(next(runs[k]), 1e12)
        most = max(most, sum(now.values()) / len(now))
    return most


def stretches(trials):
    found = {}
    for t in trials:
        if t["evaluates"] == "items":
            count, m = t["items"]["count"], t["measured"]
            packed = base64.b64decode(m["quality"]["correct_bits"]) if m else None
            found[t["items"]["from"]] = [packed[i >> 3] >> (i & 7) & 1 if packed else None for i in range(count)]
    return found


def pairs(base, cell, labels, order):
    """(class, baseline right, candidate right) of what both evaluated; a failed stretch counts against the candidate alone."""
    before, after = stretches(base), stretches(cell)
    return [
        (labels[order[start + i]], before[start][i], x or 0)
        for start in sorted(after)
        if start in before and None not in before[start]
        for i, x in enumerate(after[start])
    ]


def block_values(spec, base, cell):
    """One a block, + is worse: the value itself, the log ratio to the baseline's, or the difference from it."""
    own, other = cell.blocks.get(spec["metric"], {}), base.blocks.get(spec["metric"], {})
    scale, sign = 1e-9 if spec["metric"] == "latency.call" else 1, -1 if spec["metric"] == "throughput.items" else 1
    if spec["policy"] in ("floor", "ceiling"):
        return [(-1 if spec["policy"] == "floor" else 1) * scale * x for x in own.values()]
    change = (lambda x, y: math.log(x / y)) if spec["margin_kind"] == "relative" else (lambda x, y: scale * (x - y))
    return [sign * change(own[b], other[b]) for b in own if b in other]


def decide(spec, stop, base, cell, labels):
    """(verdict, 1/E of the pass, 1/E of the fail); None where there is no e-process or nothing was measured."""
    class_sizes, claim = {k: list(labels).count(k) for k in sorted(set(labels))}, stop["claim"]
    items, blocks = pairs(base.trials, cell.trials, labels, stop["order"]), block_values(spec, base, cell)
    calls = [ns * 1e-9 for t in cell.done for ns in t["measured"]["latency_ns"]]
    policy, alpha, margin, limit = spec["policy"], spec["alpha"], spec["margin"], spec["limit"]
    size = lambda n: n if claim == "finite-set" else None
    everything = {0: size(sum(class_sizes.values()))}
    if policy in ("exact", "equivalence"):
        return None
    zero = 0 if policy == "any-regression" else None
    if spec["metric"].startswith("quality.") and items:
        if policy in ("floor", "ceiling"):
            sign = -1 if policy == "floor" else 1
            values, border = [(0, sign * (2 * x - 1)) for _, _, x in items], sign * (2 * limit - 1)
            border = min(1 - 1e-9, max(-1 + 1e-9, border))
            e = met(values, border, everything), violated(values, border, everything)
        else:
            by_class, share = spec["metric"] == "quality.class_accuracy", spec["margin_kind"] == "relative"
            sizes = {k: size(n) for k, n in class_sizes.items()} if by_class else everything
            drops = lambda s: [(k if by_class else 0, ((1 - s) * b - c) / max(1, 1 - s)) for k, b, c in items]
            at = lambda border: (drops(border), 0, sizes) if share else (drops(0), border, sizes)
            e = met(*at(margin)), violated(*at(margin if zero is None else zero))
    elif policy == "quantile-limit" and calls:
        values, border = [(0, 1 if x > limit else -1) for x in calls], 2 * (1 - spec["quantile"]) - 1
        e = met(values, border, {0: None}), violated(values, border, {0: None}, CALL_FAIL_STAKES)
    elif blocks:
        border = limit if limit is not None else math.log1p(margin) if spec["margin_kind"] == "relative" else margin
        border = -border if policy == "floor" else border
        worse = border if zero is None else zero
        low, high = [(0, -1 if x < border else 1) for x in blocks], [(0, 1 if x > worse else -1) for x in blocks]
        e = met(low, 0, {0: None}, SIGN_STAKES), violated(high, 0, {0: None}, SIGN_STAKES)
    else:
        return None
    verdict = "fail" if e[1] >= 1 / alpha else "pass" if e[0] >= 1 / alpha else "inconclusive"
    return verdict, 1 / min(max(1, e[0]), 1e12), 1 / max(1, e[1])
