"""What the optimisers minimise: textbook functions, and real training runs that were tabulated once
(make_tables.py), so that every optimiser sees the same function.

A function has `space` (a list of dictionaries as the ask/tell driver reads them), `best` (its known
minimum), `floor` (below this regret all count as equal) and is called with a {name: value}. A noisy
one has a `noise`: the standard deviation of what `observed` adds.
"""

import functools
import itertools
import json
import math
import random
from pathlib import Path

TABLES = Path(__file__).parent / "tables"


def continuous(name, low, high, scaling="Linear"):
    return {"name": name, "type": "Continuous", "min": low, "max": high, "scaling": scaling}


def integer(name, low, high, scaling="Linear"):
    return {"name": name, "type": "Integer", "min": low, "max": high, "scaling": scaling}


def categorical(name, *values):
    return {"name": name, "type": "Categorical", "values": list(values)}


class Function:
    def __init__(self, name, space, call, best, floor, noise=0.0):
        self.name, self.space, self.call, self.best, self.floor = name, space, call, best, floor
        self.noise = noise

    def __call__(self, point):
        return self.call(point)

    def observed(self, value, seed, number):
        """What a run sees as its evaluation `number`, where the function is `value`: the noise is the
        same for every optimiser."""
        if not self.noise:
            return value
        return value + self.noise * random.Random(f"{self.name} {seed} {number}").gauss(0, 1)

    def probe(self):
        """A value that tells whether a kept trace is of the function as it is today."""
        middle = {p["name"]: p["values"][0] if p["type"] == "Categorical" else p["max"]
                  for p in self.space}
        return [self(middle), self.noise]


def branin_value(x, y):
    return ((y - 5.1 / (4 * math.pi ** 2) * x * x + 5 / math.pi * x - 6) ** 2
            + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10)


def branin():
    return Function("branin", [continuous("x", -5, 10), continuous("y", 0, 15)],
                    lambda p: branin_value(p["x"], p["y"]), 0.39788735772973816, 1e-4)


def hartmann6():
    alpha = [1.0, 1.2, 3.0, 3.2]
    a = [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8],
         [17, 8, 0.05, 10, 0.1, 14]]
    p = [[1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
         [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381]]

    def call(point):
        x = [point[f"x{i}"] for i in range(6)]
        return -sum(alpha[i] * math.exp(-sum(a[i][j] * (x[j] - 1e-4 * p[i][j]) ** 2
                                             for j in range(6))) for i in range(4))

    return Function("hartmann6", [continuous(f"x{i}", 0, 1) for i in range(6)], call,
                    -3.322368011391339, 1e-4)


def branin_noisy():
    """The noise is a tenth of the standard deviation of Branin's function over its box."""
    made = branin()
    return Function("branin_noisy", made.space, made.call, made.best, 1e-2, noise=5.0)


def hartmann6_noisy():
    """The noise is a twentieth of what lies between the ends of the function's range."""
    made = hartmann6()
    return Function("hartmann6_noisy", made.space, made.call, made.best, 1e-2, noise=0.166)


def ackley10():
    # The optimum stands away from the middle of the box, where some designs start.
    shift = [-7.3, 11.9, 4.1, -13.2, 8.8, 2.6, -4.9, 14.7, -9.5, 6.2]

    def call(point):
        z = [point[f"x{i}"] - shift[i] for i in range(10)]
        return (-20 * math.exp(-0.2 * math.sqrt(sum(v * v for v in z) / 10))
                - math.exp(sum(math.cos(2 * math.pi * v) for v in z) / 10) + 20 + math.e)

    return Function("ackley10", [continuous(f"x{i}", -32.768, 32.768) for i in range(10)], call, 0,
                    1e-2)


def levy_log():
    def call(point):
        z = [5 * (math.log10(point["rate"]) + 3)] + [point[f"x{i}"] for i in range(3)]
        w = [1 + (v - 1) / 4 for v in z]
        return (math.sin(math.pi * w[0]) ** 2
                + sum((v - 1) ** 2 * (1 + 10 * math.sin(math.pi * v + 1) ** 2) for v in w[:-1])
                + (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2))

    space = [continuous("rate", 1e-5, 1e-1, "Logarithmic")]
    return Function("levy_log", space + [continuous(f"x{i}", -10, 10) for i in range(3)], call, 0,
                    1e-3)


def mixed():
    """Two categories that decide which landscape and where, an integer, a log axis, two more."""
    shifts = {"relu": 0.0, "tanh": 0.35, "gelu": 0.15, "elu": 0.6}
    scales = {"sgd": (3.0, 0.9), "adam": (1.0, 0.0), "rmsprop": (1.6, 0.25)}

    def call(point):
        width, offset = scales[point["optimizer"]]
        shift = shifts[point["activation"]]
        rate = math.log10(point["rate"]) + 3.1 - width * 0.4
        layers = (point["layers"] - 7) / 6
        u, v = point["u"], point["v"]
        return (offset + width * rate * rate + shift * (1 + 0.5 * math.cos(4 * u))
                + layers * layers * (1 + shift) + 2 * (u - 0.3 - 0.3 * shift) ** 2
                + 3 * (v - u * u) ** 2 + 0.2 * (1 - math.cos(6 * (v - 0.1))))

    space = [categorical("optimizer", *scales), categorical("activation", *shifts),
             integer("layers", 1, 20), continuous("rate", 1e-6, 1, "Logarithmic"),
             continuous("u", -1, 1), continuous("v", -1, 1)]
    return Function("mixed", space, call, None, 1e-3)


def mixed_best(function):
    """The minimum of `mixed`, by a fine local search from a grid in each pair of categories."""
    best = math.inf
    # gelu's shift may pay through the cosine only when it is negative enough: try all.
    for optimizer, activation in itertools.product(("sgd", "adam", "rmsprop"),
                                                   ("relu", "tanh", "gelu", "elu")):
        width = {"sgd": 3.0, "adam": 1.0, "rmsprop": 1.6}[optimizer]
        point = {"optimizer": optimizer, "activation": activation, "layers": 7,
                 "rate": 10 ** (width * 0.4 - 3.1), "u": 0.0, "v": 0.0}
        value = math.inf
        for i, j in itertools.product(range(-20, 21), repeat=2):
            trial = {**point, "u": i / 20, "v": j / 20}
            if function(trial) < value:
                value, center = function(trial), trial
        step = 0.025
        while step > 1e-9:
            moved = False
            for du, dv in ((step, 0), (-step, 0), (0, step), (0, -step)):
                trial = {**center, "u": center["u"] + du, "v": center["v"] + dv}
                if function(trial) < value:
                    value, center, moved = function(trial), trial, True
            if not moved:
                step /= 2
        best = min(best, value)
    return best


class Table:
    """Multilinear between the nodes of a grid, each a real training run."""

    def __init__(self, name):
        data = json.loads((TABLES / f"{name}.json").read_text())
        self.axes, self.values = data["axes"], data["values"]
        self.space = [self.declare(axis) for axis in self.axes]
        self.strides = [1] * len(self.axes)
        for i in reversed(range(len(self.axes) - 1)):
            self.strides[i] = self.strides[i + 1] * len(self.axes[i + 1]["levels"])

    @staticmethod
    def declare(axis):
        if axis["type"] == "Categorical":
            return categorical(axis["name"], *axis["levels"])
        return {"name": axis["name"], "type": axis["type"], "min": axis["levels"][0],
                "max": axis["levels"][-1], "scaling": axis["scaling"]}

    @staticmethod
    def place(axis, value):
        """The nodes around a value with their weights."""
        levels = axis["levels"]
        if axis["type"] == "Categorical":
            return [(levels.index(value), 1.0)]
        scale = math.log if axis["scaling"] == "Logarithmic" else float
        value = min(max(value, levels[0]), levels[-1])
        i = max(k for k in range(len(levels) - 1) if levels[k] <= value)
        t = (scale(value) - scale(levels[i])) / (scale(levels[i + 1]) - scale(levels[i]))
        return [(i, 1 - t), (i + 1, t)]

    def __call__(self, point):
        total = 0.0
        for corner in itertools.product(*(self.place(axis, point[axis["name"]])
                                          for axis in self.axes)):
            weight = math.prod(w for _, w in corner)
            if weight:
                total += weight * self.values[sum(i * s for (i, _), s in
                                                  zip(corner, self.strides))]
        return total


def tabulated(name):
    table = Table(name)
    ordered = sorted(table.values)
    best = ordered[0]
    # One thousandth of the way from the best run to the typical one.
    return Function(name, table.space, table, best, 1e-3 * (ordered[len(ordered) // 2] - best))


SYNTHETIC = {"branin": branin, "hartmann6": hartmann6, "ackley10": ackley10, "levy_log": levy_log,
             "mixed": mixed, "branin_noisy": branin_noisy, "hartmann6_noisy": hartmann6_noisy}
REAL = ("xgb_churn", "xgb_cancer", "xgb_diabetes")


@functools.cache
def function(name):
    if name not in SYNTHETIC:
        return tabulated(name)
    made = SYNTHETIC[name]()
    if made.best is None:
        made.best = mixed_best(made)
    return made


def names():
    return [*SYNTHETIC, *(name for name in REAL if (TABLES / f"{name}.json").exists())]
