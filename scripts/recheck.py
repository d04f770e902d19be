#!/usr/bin/env python3
"""Recomputes the verdicts of a stored run from plan and journal, and compares them with gate.json.

    python3 scripts/recheck.py results/latest

An independent check: another language, the standard library alone, no code of harness/, and other routes to the same numbers. A verdict
comes from two p-values ("good enough", "too bad"), not from an interval: binomial sums instead of the incomplete beta function, bisection
of the likelihood instead of Tango's closed form, counted-out rank sums, and e-processes as the products that define them. Gates it does
not cover are named. Exit code 0: all agree.
"""

import array, base64, hashlib, itertools, json, math, os, re, statistics, sys

folder = sys.argv[1] if len(sys.argv) == 2 else sys.exit("usage: recheck.py RUN_FOLDER")
problems, skipped = [], []


def expect(what, actual, stored):
    if actual != stored:
        problems.append(f"{what}: recomputed {actual}, stored {stored}")


def read(name):
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()


def sha(data):
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()


def canonical(text, without):
    """The same JSON with sorted keys and no spaces; numbers keep their spelling, for Python has another one."""
    content = json.loads(text, parse_float=lambda number: "\0" + number)
    kept = {key: value for key, value in content.items() if key not in without}
    return re.sub(r'"\\u0000(.*?)"', r"\1", json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


# --- the random order of the items: xoshiro128** (Blackman & Vigna), its state out of a text ----------------------------------------
WORD = 0xFFFFFFFF
LANES = (0x6A09E667, 0x9E3779B1), (0xBB67AE85, 0x85EBCA77), (0x3C6EF372, 0xC2B2AE3D), (0xA54FF53A, 0x27D4EB2F)


def scramble(h):
    h = (h ^ h >> 16) * 0x85EBCA6B & WORD
    h = (h ^ h >> 13) * 0xC2B2AE35 & WORD
    return h ^ h >> 16


def random_words(seed):
    s = []
    for lane, (h, multiplier) in enumerate(LANES):
        for letter in seed:
            h = (scramble(h ^ ord(letter)) * multiplier + lane) & WORD
        s.append(scramble(h ^ len(seed)))
    for turn in range(8):
        s[turn & 3] = scramble((s[turn & 3] + s[turn + 1 & 3] * 0x9E3779B1 + (turn >> 2)) & WORD)
    rotate = lambda x, k: (x << k | x >> (32 - k)) & WORD
    while True:
        yield rotate(s[1] * 5 & WORD, 7) * 9 & WORD
        shifted = s[1] << 9 & WORD
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2], s[3] = s[2] ^ shifted, rotate(s[3], 11)


def item_order(seed, n):
    source, order = random_words(f"{seed}/items"), [0] * n
    for i in range(n):
        word = next(w for w in source if w < 2**32 - 2**32 % (i + 1))
        order[i], order[word % (i + 1)] = order[word % (i + 1)], i
    return order


# --- plan and journal -----------------------------------------------------------------------------------------------------------------
plan = json.loads(read("plan.json"))
outside = {"plan_digest", "commit_sha", "origins", "invocation", "estimate", "power", "notices"}
expect("plan digest", sha(canonical(read("plan.json"), outside)), plan["plan_digest"])
bodies = []
for number, line in enumerate(read("journal.ndjson").decode().split("\n")[:-1]):
    content = json.loads(line)
    # The line is canonical JSON whose last key is the checksum of the rest.
    expect(f"line {number} checksum", sha(line[: line.rindex(',"sha256":')] + "}"), content["sha256"])
    expect(f"line {number} place", (content["seq"], content["plan"]), (number, plan["plan_digest"]))
    bodies.append(content["body"])
trials = [b for b in bodies if b["kind"] == "trial"]
made = {b["variant_id"]: b for b in bodies if b["kind"] == "variant"}
expect("trials, each once", len({t["trial_id"] for t in trials}), len(trials))
is_complete = bodies[-1]["kind"] == "end" and bodies[-1]["state"] == "complete"
stored_labels = read(bodies[0]["labels"]["file"])
expect("labels digest", sha(stored_labels), bodies[0]["labels"]["sha256"])
labels = array.array("i", stored_labels)
stop, order = plan.get("stop"), list(range(len(labels)))
if stop:
    order = item_order(plan["experimental_controls"]["seed"], len(labels))
    expect("order of the items", sha(json.dumps(order, separators=(",", ":"))), stop["order_sha256"])


def medians(measured):
    calls = iter(measured["latency_ns"])
    return [statistics.median(itertools.islice(calls, count)) for count in measured.get("latency_slices", [])]


class Cell:
    def __init__(self, planned):
        self.id, self.baseline = planned["cell_id"], planned["baseline_cell_id"]
        self.made = made.get(planned["variant_id"])
        self.role = next(v["role"] for v in plan["variants"] if v["variant_id"] == planned["variant_id"])
        self.trials = [t for t in trials if t["cell_id"] == self.id and t["trial_kind"] == "trial"]
        self.done = [t for t in self.trials if t["measured"]]
        self.slices = {t["block"]: medians(t["measured"]) for t in self.done}
        self.blocks = {
            "latency.call": {t["block"]: statistics.median(t["measured"]["latency_ns"]) * 1e-9 for t in self.done},
            "memory.peak_rss": {t["block"]: t["measured"]["memory"]["peak_rss_bytes"] for t in self.done},
            "throughput.items": {t["block"]: t["measured"]["throughput"]["items_per_second"] for t in self.done},
        }

    def ratios(self, other, metric):
        """Over the other cell, a block of both; times of slices that were taken in turns are compared slice by slice."""
        own, reference = self.blocks[metric], other.blocks[metric]
        found = {block: own[block] / reference[block] for block in own if block in reference}
        for block in found if metric == "latency.call" else ():
            slices, others = self.slices[block], other.slices[block]
            if slices and len(slices) == len(others):
                found[block] = math.exp(statistics.median(math.log(x / y) for x, y in zip(slices, others)))
        return found.values()

    def stretches(self):
        """Start in the order of the items -> right or wrong, an item; an early one that failed: None each. None: this checker has no rule."""
        found = {}
        for t in self.trials:
            if t["evaluates"] == ("items" if stop else "all"):
                start, count = (t["items"]["from"], t["items"]["count"]) if stop else (0, len(labels))
                quality = t["measured"] and t["measured"]["quality"]
                if (quality and quality["invalid_rows"]) or not (quality or stop):
                    return None
                packed = quality and base64.b64decode(quality["correct_bits"])
                right = [packed[i >> 3] >> (i & 7) & 1 if packed else None for i in range(count)]
                if found.setdefault(start, right) != right:
                    return None
        return found

    def agreeing(self):
        """Trials whose outputs are the usual ones."""
        subset = [t["measured"]["subset"]["outputs_sha256"] for t in self.done]
        whole = [t["measured"]["outputs_sha256"] if t["evaluates"] == "all" else None for t in self.done]
        usual = lambda values: statistics.mode([v for v in values if v] or [None])
        return sum(s == usual(subset) and w in (None, usual(whole)) for s, w in zip(subset, whole))


cells = {planned["cell_id"]: Cell(planned) for planned in plan["cells"]}


# --- statistics of a fixed number of items and blocks, by the plainest route -----------------------------------------------------------
normal = statistics.NormalDist()


def at_most(k, n, p):
    """P(X <= k) of a binomial."""
    if p in (0, 1):
        return float(k >= n * p)
    log = lambda i: math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * math.log(p) + (n - i) * math.log1p(-p)
    return min(1.0, math.fsum(math.exp(log(i)) for i in range(k + 1)))


def tango_z(b, c, n, delta, corrected=False):
    """Score statistic; the nuisance parameter maximizes the likelihood of (b, c) under drop = delta. `corrected`: for the claim
    "the drop exceeds delta", less half an item and Cornish-Fisher's skewness term, and never above the plain one."""
    low, high, tiny = max(0.0, -delta), (1 - delta) / 2, 1e-300
    for _ in range(200):
        q = (low + high) / 2
        slope = b / (q + delta or tiny) + c / (q or tiny) - 2 * (n - b - c) / (1 - 2 * q - delta or tiny)
        low, high = (q, high) if slope > 0 else (low, q)
    variance = 2 * q + delta - delta * delta
    difference = b - c - n * delta
    if variance <= 1e-12 / n:
        return math.copysign(math.inf, difference)
    plain, z = (x / math.sqrt(n * variance) for x in (difference, difference - 0.5))
    skewness = (delta - 3 * delta * (2 * q + delta) + 2 * delta**3) / (math.sqrt(n) * variance**1.5)
    return min(plain, z - skewness * (z * z - 1) / 6) if corrected else plain


def signed_rank(x, location, side):
    """Exact p that the center of x lies below the location (side 1) or above (side -1); ties share their ranks, zeros have none."""
    gaps = [side * (v - location) for v in x if v != location]
    doubled = [1 + sum((abs(h) < abs(g)) + (abs(h) <= abs(g)) for h in gaps) for g in gaps]
    ways = [1]
    for rank in doubled:
        ways = [a + b for a, b in zip(ways + [0] * rank, [0] * rank + ways)]
    return sum(ways[: sum(rank for g, rank in zip(gaps, doubled) if g > 0) + 1]) / 2 ** len(gaps)


def holm(ps):
    adjusted, running = [0.0] * len(ps), 0.0
    for rank, i in enumerate(sorted(range(len(ps)), key=lambda i: ps[i])):
        running = adjusted[i] = max(running, min(1, (len(ps) - rank) * ps[i]))
    return adjusted


# --- statistics of a run that may stop early: betting e-processes (Waudby-Smith & Ramdas 2024) ------------------------------------------
STAKES = [0.01 + k * 0.94 / 11 for k in range(12)]
SIGN_STAKES, CALL_FAIL_STAKES = [0.3, 0.45, 0.6, 0.75, 0.85, 0.95], [0.003, 0.01, 0.03, 0.06, 0.1]


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


def met(pairs, margin, sizes, stakes=STAKES):
    """1/E of "every group's mean is below the margin", pairs being (group, value): the weakest group's."""
    peaks = [max([1, *wealth([d for g, d in pairs if g == k], margin, stakes, n)]) for k, n in sizes.items()]
    return 1 / min(*peaks, 1e12)


def violated(pairs, margin, sizes, stakes=STAKES):
    """1/E of "some group's mean is above the margin": the running mean over the groups."""
    runs = {k: wealth([-d for g, d in pairs if g == k], -margin, stakes, n) for k, n in sizes.items()}
    now, most = dict.fromkeys(sizes, 1.0), 1.0
    for k, _ in pairs:
        now[k] = min(next(runs[k]), 1e12)
        most = max(most, sum(now.values()) / len(now))
    return 1 / most


# --- gates: p-values of "good enough" and of "too bad" ------------------------------------------------------------------------------------
def two_claims(policy, border, lower, below, above):
    """From the p-values of "it is worse by less than x" and "by more than x"; `lower`: the border of a gain, for equivalence."""
    if policy == "equivalence":
        return max(below(border), above(lower)), min(above(border), below(lower))
    return below(border), above(0 if policy == "any-regression" else border)


def quality_claims(spec, base, cell):
    """None where this checker has no rule, or nothing was measured."""
    before, after, policy, margin = base.stretches(), cell.stretches(), spec["policy"], spec["margin"]
    if not before or not after or policy == "exact" or (stop and policy == "equivalence"):
        return None
    # (class, baseline right, candidate right) of what both evaluated; a failed stretch counts against the candidate alone.
    both = [s for s in sorted(after) if s in before and None not in before[s]]
    items = [(labels[order[s + i]], before[s][i], x or 0) for s in both for i, x in enumerate(after[s])]
    sizes = {k: list(labels).count(k) for k in sorted(set(labels))}
    by_class, share = spec["metric"] == "quality.class_accuracy", spec["margin_kind"] == "relative"
    if policy in ("floor", "ceiling"):
        sign, n, k = -1 if policy == "floor" else 1, len(items), sum(x for _, _, x in items)
        if not stop:
            return (1 - at_most(k - 1, n, spec["limit"]), at_most(k, n, spec["limit"]))[::-sign]
        values = [(0, sign * (2 * x - 1)) for _, _, x in items]
        border = min(1 - 1e-9, max(-1 + 1e-9, sign * (2 * spec["limit"] - 1)))
        return met(values, border, {0: finite(len(labels))}), violated(values, border, {0: finite(len(labels))})
    if stop:
        groups = {k: finite(n) for k, n in sizes.items()} if by_class else {0: finite(len(labels))}
        drops = lambda s: [(k if by_class else 0, ((1 - s) * b - c) / max(1, 1 - s)) for k, b, c in items]
        at = lambda border: (drops(border), 0, groups) if share else (drops(0), border, groups)
        return two_claims(policy, margin, None, lambda border: met(*at(border)), lambda border: violated(*at(border)))
    if share:
        return None
    kinds = [[(b, c) for k, b, c in items if k == label or not by_class] for label in (sizes if by_class else [0])]
    tables = [(pairs.count((1, 0)), pairs.count((0, 1)), len(pairs)) for pairs in kinds]
    below = lambda border: max(normal.cdf(tango_z(*t, border)) for t in tables)
    above = lambda border: min(1, len(tables) * min(normal.cdf(-tango_z(*t, border, True)) for t in tables))
    return two_claims(policy, margin, -margin, below, above)


def finite(n):
    return n if stop["claim"] == "finite-set" else None


def block_claims(spec, base, cell):
    """Times, memory and throughput, one value a block, + being worse; or all calls against a quantile limit."""
    policy, limit = spec["policy"], spec["limit"]
    if policy == "quantile-limit":
        calls = [ns * 1e-9 > limit for t in cell.done for ns in t["measured"]["latency_ns"]]
        over, n, share = sum(calls), len(calls), 1 - spec["quantile"]
        if not stop or not calls:
            return (at_most(over, n, share), 1 - at_most(over - 1, n, share)) if calls else None
        values = [(0, 1 if is_over else -1) for is_over in calls]
        return met(values, 2 * share - 1, {0: None}), violated(values, 2 * share - 1, {0: None}, CALL_FAIL_STAKES)
    own, other = cell.blocks[spec["metric"]], base.blocks[spec["metric"]]
    if policy in ("floor", "ceiling"):
        sign = -1 if policy == "floor" else 1
        x, border, lower = [sign * v for v in own.values()], sign * limit, None
    elif spec["margin_kind"] == "relative":
        sign = -1 if spec["metric"] == "throughput.items" else 1
        # Ratios of a coarse clock are equal again once what ln rounded is cut off.
        x = [sign * round(math.log(ratio) * 2**40) / 2**40 for ratio in cell.ratios(base, spec["metric"])]
        border, lower = math.log1p(spec["margin"]), math.log1p(-spec["margin"])
    else:
        sign = -1 if spec["metric"] == "throughput.items" else 1
        x = [sign * (own[block] - other[block]) for block in own if block in other]
        border, lower = spec["margin"], -spec["margin"]
    if not x or (stop and policy in ("exact", "equivalence")):
        return None
    if not stop:
        return two_claims(policy, border, lower, lambda at: signed_rank(x, at, 1), lambda at: signed_rank(x, at, -1))
    below = lambda at: met([(0, -1 if v < at else 1) for v in x], 0, {0: None}, SIGN_STAKES)
    above = lambda at: violated([(0, 1 if v > at else -1) for v in x], 0, {0: None}, SIGN_STAKES)
    return two_claims(policy, border, lower, below, above)


def decide(spec, cell, is_noisy):
    """(verdict, p of the pass, p of the fail); None where this checker does not cover the gate."""
    base, metric, policy = cells[cell.baseline], spec["metric"], spec["policy"]
    has_limit = policy in ("floor", "ceiling", "quantile-limit")
    if cell.role == "baseline" and not has_limit and metric != "determinism.rate":
        return "reference", None, None
    if cell.made and cell.made["state"] == "failed":
        return "fail", None, None
    if cell.made and cell.made["state"] != "ready":
        return "inconclusive", None, None
    doubtful = not cell.done or (not is_complete if stop else len(cell.trials) < plan["trial_counts"]["per_cell"])
    ps = None, None
    if metric == "size.bytes_on_disk" and not has_limit:
        own, other = cell.made["bytes_on_disk"], base.made["bytes_on_disk"]
        change = (own - other) / (other if spec["margin_kind"] == "relative" else 1)
        verdict = "fail" if change > spec["margin"] else "pass"
    elif metric == "determinism.rate" and policy == "exact":
        is_steady = 1 - cell.agreeing() / max(1, len(cell.trials)) <= spec["margin"]
        verdict = "inconclusive" if len(cell.trials) < 2 else "pass" if is_steady else "fail"
    elif metric.startswith("quality.") or metric in cell.blocks:
        ps = (quality_claims if metric.startswith("quality.") else block_claims)(spec, base, cell)
        if ps is None:
            return None
        if is_noisy and not metric.startswith(("quality", "memory")):
            return "inconclusive", None, None
        verdict = "fail" if ps[1] <= spec["alpha"] else "pass" if ps[0] <= spec["alpha"] else "inconclusive"
        if metric in cell.blocks:
            doubtful = doubtful or any(len(c.done) < len(c.trials) for c in ((cell, base) if stop else (cell,)))
    else:
        return None
    return ("inconclusive", None, None) if doubtful and verdict != "fail" else (verdict, *ps)


# --- compare ----------------------------------------------------------------------------------------------------------------------
stored = json.loads(read("gate.json"))
is_noisy = any("noisy" in g["reasons"] for row in stored["results"] for g in row["gates"])
rows, compared = [], 0
for row in stored["results"]:
    cell, results = cells[row["cell_id"]], []
    for spec, there in zip(stored["gates"], row["gates"]):
        name = f"{cell.id} {spec['id']}"
        result = decide(spec, cell, is_noisy)
        if result is None:
            skipped.append(name)
            result = there["verdict"], there["p_pass"], there["p_fail"]
        else:
            compared += 1
            expect(name, result[0], there["verdict"])
            for which, p in (("p_pass", result[1]), ("p_fail", result[2])):
                if None not in (p, there[which]) and not math.isclose(p, there[which], rel_tol=1e-6, abs_tol=1e-9):
                    problems.append(f"{name} {which}: recomputed {p}, stored {there[which]}")
        results.append((spec, *result))
    primary = [r for r in results if r[0]["tier"] == "primary"]
    fails = [r for r in primary if r[1] == "fail"]
    chance = [r for r in primary if r[0]["policy"] != "exact"]
    adjusted = holm([(r[3] or 0) if r[1] == "fail" else 1 for r in chance])
    surviving = [r for p, r in zip(adjusted, chance) if r[1] == "fail" and p <= r[0]["alpha"]]
    certain = surviving or any(r[3] is None for r in fails)
    passes = primary and all(r[1] == "pass" for r in primary)
    verdict = ("fail" if certain else "inconclusive") if fails else "pass" if passes else "inconclusive"
    p = max([0, *(r[2] or 0 for r in primary)]) if verdict == "pass" else 1
    expect(f"{cell.id} row", "reference" if cell.role == "baseline" else verdict, row["verdict"])
    rows.append((cell.role, verdict, p, bool(fails)))
alpha = min([0.05, *(g["alpha"] for g in stored["gates"] if g["tier"] == "primary")])
required, candidates = [r[1] for r in rows if r[0] == "required"], [r for r in rows if r[0] == "candidate"]
certified = any(p <= alpha and r[1] == "pass" for p, r in zip(holm([r[2] for r in candidates]), candidates))
if any(r[0] == "baseline" and r[3] for r in rows) or "fail" in required:
    exit_code = 3
elif "inconclusive" in required or not is_complete:
    exit_code = 4
else:
    exit_code = 0 if required or certified else 4 if any(r[1] != "fail" for r in candidates) else 3
if plan.get("certification") or len(required) < 2:
    # A certification run decides nothing about the twins of its baseline.
    expect("exit code of the suite", 4 if plan.get("certification") else exit_code, stored["suite"]["exit_code"])
print(f"{compared} gates of {len(rows)} rows recomputed, {len(skipped)} not covered, {len(problems)} differences")
print("\n".join([f"not covered: {name}" for name in skipped] + [f"DIFFERS: {problem}" for problem in problems]))
sys.exit(1 if problems else 0)
