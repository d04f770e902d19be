"""Writes tests/fixtures/stats/*.json: reference values of SciPy, with the versions noted in each file.

Run it in an environment with numpy, scipy, statsmodels, diptest and mpmath:  python scripts/fixtures-stats.py
and then  npx biome format --write tests/fixtures/stats
mpmath (40 digits) is the arbiter: a point at which SciPy itself is off by more than 1e-13 keeps mpmath's value and is marked
`"by": "mpmath"`, so that no test asks us to reproduce another library's rounding.
"""

import json
import math
import pathlib
import platform

import diptest
import mpmath as mp
import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm
from scipy import special, stats

mp.mp.dps = 40
HERE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "stats"
VERSIONS = {
    "python": platform.python_version(),
    "scipy": scipy.__version__,
    "numpy": np.__version__,
    "statsmodels": statsmodels.__version__,
    "diptest": diptest.__version__,
    "mpmath": mp.__version__,
}


def write(name, content):
    HERE.mkdir(parents=True, exist_ok=True)
    path = HERE / f"{name}.json"
    path.write_text(json.dumps({"versions": VERSIONS, **content}, indent=None, separators=(",", ":")) + "\n")
    print(path.name, path.stat().st_size, "bytes")


def judged(args, ours, exact):
    """A row [args..., value] or [args..., value, "mpmath"] where SciPy is more than 1e-13 off."""
    exact = mp.mpf(exact)
    if exact == 0 or not math.isfinite(ours) or abs(mp.mpf(float(ours)) - exact) > abs(exact) * mp.mpf("1e-13"):
        return [*args, float(exact), "mpmath"]
    return [*args, float(ours)]


def mp_root(function, start):
    """Root near start; a secant in high precision."""
    start = mp.mpf(float(start))
    return mp.findroot(function, (start, start * (1 + mp.mpf("1e-9"))), tol=mp.mpf("1e-70"), verify=False)


def normal():
    zs = [-38, -37.5, -30, -20, -12.5, -8, -6, -5, -4, -3.5, -3.0001, -3, -2.9999, -2.5, -2, -1.96, -1.5, -1, -0.5, -0.1]
    zs += [-1e-3, -1e-8, 0, 1e-8, 1e-3, 0.3, 0.6744897501960817, 1, 1.2815515655446004, 1.6448536269514722, 2.3, 3, 5, 8]
    cdf = [judged([z], special.ndtr(z), mp.erfc(-mp.mpf(z) / mp.sqrt(2)) / 2) for z in zs]
    ps = [1e-300, 1e-200, 1e-100, 1e-50, 1e-20, 1e-16, 1e-12, 1e-8, 1e-5, 1e-4, 0.001, 0.0025, 0.005, 0.01, 0.02425, 0.025]
    ps += [0.05, 0.07, 0.075, 0.076, 0.1, 0.2, 0.3, 0.4, 0.499, 0.5, 0.501, 0.6, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995, 0.9995]
    ps += [1 - 1e-6, 1 - 1e-10, 1 - 2.0**-40]
    quantile = []
    for p in ps:
        z = special.ndtri(p)
        if p == 0.5:
            quantile.append([p, 0.0])
            continue
        exact = mp_root(lambda t: mp.log(mp.erfc(-t / mp.sqrt(2)) / 2) - mp.log(mp.mpf(p)), z)
        quantile.append(judged([p], z, exact))
    return {"cdf": cdf, "quantile": quantile}


def mp_betainc(a, b, x):
    """I_x(a, b) in 40 digits; by the continued fraction where mpmath's hypergeometric series takes minutes."""
    a, b, x = mp.mpf(a), mp.mpf(b), mp.mpf(x)
    if max(a, b) <= 50:
        return mp.betainc(a, b, 0, x, regularized=True)
    if x > (a + 1) / (a + b + 2):
        return 1 - mp_betainc(b, a, 1 - x)
    front = mp.exp(a * mp.log(x) + b * mp.log(1 - x) + mp.loggamma(a + b) - mp.loggamma(a) - mp.loggamma(b)) / a
    tiny = mp.mpf("1e-200")
    c, d = mp.mpf(1), 1 / (1 - (a + b) * x / (a + 1))
    h = d
    for m in range(1, 200000):
        for numerator in (m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))):
            d = 1 / ((1 + numerator * d) or tiny)
            c = (1 + numerator / c) or tiny
            h *= d * c
        if abs(d * c - 1) < mp.mpf("1e-34"):
            break
    return front * h


SHAPES = [(0.5, 0.5), (0.5, 5), (1, 1), (1, 3), (2, 0.5), (2, 3), (3, 1), (5, 5), (0.1, 0.2), (10, 0.7), (7.5, 40)]
SHAPES += [(16, 133), (100, 100), (20, 2000), (1500, 30), (1e3, 1e3), (5e3, 0.5), (1e4, 90), (1e5, 1e5), (12, 1e6)]


def beta():
    cdf, quantile = [], []
    for a, b in SHAPES:
        mean, sd = a / (a + b), math.sqrt(a * b / (a + b + 1)) / (a + b)
        xs = {mean + k * sd for k in (-12, -8, -5, -3, -1.5, -0.5, 0, 0.4, 1, 2, 4)} | {1e-12, 1e-6, 0.01, 0.3, 0.5, 0.9, 0.999}
        for x in sorted(x for x in xs if 0 < x < 1):
            value = special.betainc(a, b, x)
            if value < 1e-290 or value > 1 - 1e-14:
                continue
            cdf.append(judged([a, b, x], value, mp_betainc(a, b, x)))
        for p in (1e-200, 1e-30, 1e-12, 1e-6, 0.001, 0.005, 0.025, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.975, 0.99, 0.999, 1 - 1e-9):
            x = special.betaincinv(a, b, p)
            if not 1e-290 < x < 1 - 1e-15:
                continue
            # One Newton step in 40 digits from SciPy's double squares its relative error.
            xm = mp.mpf(float(x))
            for _ in range(3):
                density = xm ** (mp.mpf(a) - 1) * (1 - xm) ** (mp.mpf(b) - 1) / mp.beta(a, b)
                xm -= (mp_betainc(a, b, xm) - mp.mpf(p)) / density
            quantile.append(judged([a, b, p], x, xm))
    return {"cdf": cdf, "quantile": quantile}


def mp_tcdf(t, df):
    t, df = mp.mpf(t), mp.mpf(df)
    tail = mp_betainc(df / 2, mp.mpf(1) / 2, df / (df + t * t)) / 2
    return tail if t < 0 else 1 - tail


def student():
    cdf, quantile = [], []
    for df in (0.5, 1, 1.7, 2, 3, 4, 5, 9, 10, 19, 29.5, 31, 60, 100, 999, 1e4, 1e6):
        for t in (-1e160, -1e6, -1e3, -100, -40, -20, -12, -8, -5, -3, -2, -1.2, -0.5, -1e-4, 0, 1e-4, 0.7, 1.5, 3, 6):
            exact = mp_tcdf(t, df)
            if exact < mp.mpf("1e-290"):
                continue
            cdf.append(judged([t, df], special.stdtr(df, t), exact))
        for p in (1e-100, 1e-20, 1e-10, 1e-5, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.4, 0.499, 0.6, 0.9, 0.975, 0.995, 0.9999):
            t = stats.t.ppf(p, df)
            if not math.isfinite(t) or abs(t) > 1e150:
                continue
            tm = mp.mpf(float(t))
            for _ in range(4):
                density = (1 + tm * tm / df) ** (-(mp.mpf(df) + 1) / 2) / (mp.sqrt(df) * mp.beta(mp.mpf(df) / 2, mp.mpf(1) / 2))
                tm -= (mp_tcdf(tm, df) - mp.mpf(p)) / density
            quantile.append(judged([p, df], t, tm))
    return {"cdf": cdf, "quantile": quantile}


def chi_square():
    cdf, quantile = [], []
    for df in (0.5, 1, 2, 3, 7, 19, 40, 199, 2000, 1e5):
        for k in (-6, -3, -1, 0, 0.5, 2, 5):
            x = df + k * math.sqrt(2 * df)
            if x > 0:
                cdf.append(judged([x, df], special.gammainc(df / 2, x / 2), mp.gammainc(mp.mpf(df) / 2, 0, mp.mpf(x) / 2, regularized=True)))
        for p in (1e-50, 1e-10, 0.001, 0.025, 0.05, 0.3, 0.5, 0.8, 0.95, 0.975, 0.999):
            x = 2 * special.gammaincinv(df / 2, p)
            if x < 1e-290:
                continue
            xm, a = mp.mpf(float(x)) / 2, mp.mpf(df) / 2
            for _ in range(3):
                density = xm ** (a - 1) * mp.e ** (-xm) / mp.gamma(a)
                xm -= (mp.gammainc(a, 0, xm, regularized=True) - mp.mpf(p)) / density
            quantile.append(judged([p, df], x, 2 * xm))
    return {"cdf": cdf, "quantile": quantile}


def mp_binomial(k, n, p):
    p = mp.mpf(p)
    if n <= 2000:
        return mp.fsum(mp.binomial(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1))
    return mp_betainc(n - k, k + 1, 1 - p)


def binomial():
    cdf, pmf, quantile = [], [], []
    for n, p in ((1, 0.3), (5, 0.5), (22, 0.5), (60, 0.01), (148, 0.1), (500, 0.97), (2000, 0.02), (10000, 0.3), (200000, 0.5)):
        mean, sd = n * p, math.sqrt(n * p * (1 - p))
        for k in sorted({min(n - 1, max(0, round(mean + z * sd))) for z in (-9, -5, -3, -1, 0, 1, 3, 5)}):
            exact = mp_binomial(k, n, p)
            if exact > mp.mpf("1e-290"):
                cdf.append(judged([k, n, p], stats.binom.cdf(k, n, p), exact))
            pm = mp.mpf(p)
            pmf.append(judged([k, n, p], stats.binom.pmf(k, n, p), mp.binomial(n, k) * pm**k * (1 - pm) ** (n - k)))
        for q in (1e-9, 0.001, 0.025, 0.05, 0.31, 0.5, 0.77, 0.95, 0.975, 0.9999):
            quantile.append([q, n, p, int(stats.binom.ppf(q, n, p))])
    return {"cdf": cdf, "pmf": pmf, "quantile": quantile}


def log_gamma():
    return [judged([x], special.gammaln(x), mp.loggamma(mp.mpf(x))) for x in (1e-5, 0.1, 0.5, 1.5, 3, 3.7, 10, 15.9, 16, 100.5, 1e5, 1e9)]


def xoshiro128_star_star(state, count):
    mask, out = 0xFFFFFFFF, []
    rotl = lambda x, k: ((x << k) | (x >> (32 - k))) & mask
    s = list(state)
    for _ in range(count):
        out.append(rotl(s[1] * 5 & mask, 7) * 9 & mask)
        t = s[1] << 9 & mask
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotl(s[3], 11)
    return out


def coefficient_of_variation():
    """Vangel's modified McKay limits, worked out with SciPy's chi-square quantiles."""
    x, level = np.array([9.8, 10.4, 10.1, 9.6, 10.9, 10.2, 9.9, 10.5]), 0.95
    n, k = len(x), x.std(ddof=1) / x.mean()
    limit = lambda p: k / math.sqrt(((stats.chi2.ppf(p, n - 1) + 2) / n - 1) * k * k + stats.chi2.ppf(p, n - 1) / (n - 1))
    return {"sample": x.tolist(), "level": level, "expected": [float(k), limit((1 + level) / 2), limit((1 - level) / 2)]}


def rank_tests():
    """SciPy's exact p-values without ties, its corrected normal ones with ties, and t-tests, for three alternatives each."""
    draw = np.random.default_rng(20240611)
    cases = {"signedRank": [], "signedRankNormal": [], "mannWhitney": [], "mannWhitneyNormal": [], "t": []}
    sides = ("less", "two-sided", "greater")
    for n in (6, 13, 25, 48):
        x = np.round(draw.normal(0.3, 1, n), 6).tolist()
        test = lambda side: stats.wilcoxon(x, alternative=side, method="exact")
        cases["signedRank"].append({"x": x, "p": [float(test(side).pvalue) for side in sides]})
        cases["t"].append({"x": x, "p": [float(stats.ttest_1samp(x, 0.1, alternative=side).pvalue) for side in sides]})
    x = draw.integers(-6, 12, 260).tolist()
    test = lambda side: stats.wilcoxon(x, alternative=side, method="asymptotic", correction=True, zero_method="wilcox")
    cases["signedRankNormal"].append({"x": x, "p": [float(test(side).pvalue) for side in sides]})
    for m, n in ((3, 3), (4, 5), (5, 5), (9, 6), (20, 31)):
        x, y = np.round(draw.normal(0, 1, m), 6).tolist(), np.round(draw.normal(0.5, 2, n), 6).tolist()
        test = lambda side: stats.mannwhitneyu(x, y, alternative=side, method="exact")
        cases["mannWhitney"].append({"x": x, "y": y, "u": float(test("less").statistic), "p": [float(test(side).pvalue) for side in sides]})
    x, y = draw.integers(0, 9, 150).tolist(), draw.integers(0, 10, 130).tolist()
    test = lambda side: stats.mannwhitneyu(x, y, alternative=side, method="asymptotic", use_continuity=True)
    cases["mannWhitneyNormal"].append({"x": x, "y": y, "u": float(test("less").statistic), "p": [float(test(side).pvalue) for side in sides]})
    return cases


def bootstrap():
    """SciPy's BCa limits with 200,000 resamples: the rest of the Monte Carlo error is in the test's tolerance."""
    draw = np.random.default_rng(7)
    cases = []
    for name, x in (("lognormal", draw.lognormal(0, 0.6, 25)), ("exponential", draw.exponential(1, 60)), ("normal", draw.normal(3, 1, 40))):
        x = np.round(x, 6)
        for statistic in ("mean", "median"):
            found = stats.bootstrap((x,), getattr(np, statistic), n_resamples=200000, batch=2000, method="BCa", confidence_level=0.9, random_state=1)
            ci = found.confidence_interval
            cases.append({"name": name, "statistic": statistic, "x": x.tolist(), "low": float(ci.low), "high": float(ci.high), "se": float(found.standard_error)})
    return {"cases": cases}


def noise():
    """Kendall's exact and corrected p-values, dips, clustered standard errors, and the ANOVA estimate of variance components."""
    draw = np.random.default_rng(99)
    kendall = []
    for n in (5, 12, 40):
        y = np.round(draw.normal(0, 1, n) + 0.03 * np.arange(n), 6).tolist()
        test = lambda side: stats.kendalltau(range(n), y, method="exact", alternative=side)
        kendall.append({"y": y, "tau": float(test("less").statistic), "p": [float(test(side).pvalue) for side in ("less", "two-sided", "greater")], "slope": float(stats.theilslopes(y, range(n)).slope)})
    dips = []
    for n in (4, 9, 30, 101):
        for x in (draw.normal(size=n), draw.uniform(size=n), np.concatenate([draw.normal(size=n // 2), draw.normal(5, 1, n - n // 2)]), draw.integers(0, 6, n)):
            x = np.round(np.asarray(x, dtype=float), 5)
            dips.append({"x": x.tolist(), "dip": float(diptest.dipstat(x))})
    labels = draw.integers(0, 12, 60)
    scores = np.round(draw.normal(0, 1, 60) + draw.normal(0, 1, 12)[labels], 5)
    fit = sm.OLS(scores, np.ones(60)).fit(cov_type="cluster", cov_kwds={"groups": labels, "use_correction": False})
    clusters = {"scores": scores.tolist(), "clusters": labels.tolist(), "mean": float(fit.params[0]), "standardError": float(fit.bse[0])}
    bimodal = np.concatenate([draw.normal(0, 1, 40), draw.normal(6, 1, 40)])
    g, k = stats.skew(bimodal, bias=False), stats.kurtosis(bimodal, bias=False)
    m = len(bimodal)
    sarle = {"x": bimodal.tolist(), "coefficient": float((g * g + 1) / (k + 3 * (m - 1) ** 2 / ((m - 2) * (m - 3))))}
    return {"kendall": kendall, "dips": dips, "clusters": clusters, "sarle": sarle}


def noncentral_t():
    """Rows of t, df, shift, P."""
    rows = []
    for df in (1, 2, 5, 8, 19, 31, 100, 999):
        for shift in (-6, -2.5, -1, 0, 0.7, 3):
            for t in (-4, -1.9, -0.5, 0, 1.3, 3):
                value = float(stats.nct.cdf(t, df, shift)) if shift else float(stats.t.cdf(t, df))
                if math.isfinite(value):
                    rows.append([t, df, shift, value])
    return {"cdf": rows}


def theil_sen():
    """Slopes and Sen's limits; SciPy rounds the ranks, so a limit may be one slope inside ours."""
    draw = np.random.default_rng(8)
    cases = []
    for n in (5, 8, 20, 60, 90):
        for ties in (False, True):
            x = np.sort(draw.integers(0, n, n).astype(float) if ties else draw.uniform(0, 100, n))
            y = 0.3 * x + draw.standard_t(2, n)
            y = np.round(y, 0 if ties else 6)
            for level in (0.9, 0.95):
                fit = stats.theilslopes(y, x, level)
                cases.append({"x": x.tolist(), "y": y.tolist(), "level": level, "slope": float(fit.slope), "low": float(fit.low_slope), "high": float(fit.high_slope)})
    return {"cases": cases}


def kl_divergence():
    """Divergences of random categorical distributions, and a bootstrap over clusters as scipy.stats.bootstrap draws them."""
    generator = np.random.default_rng(7)
    cases = []
    for size in (2, 3, 17, 400):
        p = generator.dirichlet(np.full(size, 0.3))
        q = 0.9 * p + 0.1 * generator.dirichlet(np.full(size, 0.3))
        cases.append({"log_p": np.log(p).tolist(), "log_q": np.log(q).tolist(), "value": float(stats.entropy(p, q))})
    clusters = [(generator.exponential(0.02) + generator.exponential(0.01, size)).tolist() for size in generator.integers(5, 30, 40)]
    index = np.arange(len(clusters))

    def interval(statistic):
        found = stats.bootstrap(
            (index,), lambda drawn: statistic(np.concatenate([clusters[c] for c in drawn])), n_resamples=20000,
            vectorized=False, method="percentile", confidence_level=0.95, rng=np.random.default_rng(1))
        value = float(statistic(np.concatenate(clusters)))
        return [value, float(found.confidence_interval.low), float(found.confidence_interval.high), float(found.standard_error)]

    return {
        "entropy": cases,
        "clusters": clusters,
        "mean": interval(np.mean),
        "median": interval(lambda x: np.quantile(x, 0.5, method="inverted_cdf")),
        "p99": interval(lambda x: np.quantile(x, 0.99, method="inverted_cdf")),
    }


if __name__ == "__main__":
    write("normal", normal())
    write("beta", beta())
    write("student-t", student())
    write("chi-square", chi_square())
    write("binomial", binomial())
    write("log-gamma", {"values": log_gamma()})
    write("generator", {"state": [1, 2, 3, 4], "words": xoshiro128_star_star([1, 2, 3, 4], 1000)[:12] + xoshiro128_star_star([1, 2, 3, 4], 1000)[-3:]})
    write("coefficient-of-variation", coefficient_of_variation())
    write("rank-tests", rank_tests())
    write("bootstrap", bootstrap())
    write("noise", noise())
    write("noncentral-t", noncentral_t())
    write("theil-sen", theil_sen())
    write("kl-divergence", kl_divergence())
