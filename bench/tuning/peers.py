"""Runs one peer on one function for one seed and prints a trace: {values: as observed, truths: without
noise, seconds: spent by the peer, probe: of the function}.

    peers.py PEER FUNCTION SEED EVALUATIONS

PEER: random, optuna_tpe, optuna_gp, skopt_gp, hebo. Runs in the environment `tuning_peers`.
"""

import json
import logging
import sys
import time
import warnings

import functions

warnings.filterwarnings("ignore")


def optuna_study(kind, space, seed):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = {"random": lambda: optuna.samplers.RandomSampler(seed=seed),
               "optuna_tpe": lambda: optuna.samplers.TPESampler(seed=seed, multivariate=False),
               "optuna_gp": lambda: optuna.samplers.GPSampler(seed=seed)}[kind]()
    study = optuna.create_study(sampler=sampler)

    def suggest(trial, p):
        if p["type"] == "Categorical":
            return trial.suggest_categorical(p["name"], p["values"])
        call = trial.suggest_float if p["type"] == "Continuous" else trial.suggest_int
        return call(p["name"], p["min"], p["max"], log=p["scaling"] == "Logarithmic")

    def ask():
        trial = study.ask()
        return trial, {p["name"]: suggest(trial, p) for p in space}

    return ask, study.tell


def skopt_gp(_, space, seed):
    import skopt

    def dimension(p):
        if p["type"] == "Categorical":
            return skopt.space.Categorical(p["values"])
        kind = skopt.space.Real if p["type"] == "Continuous" else skopt.space.Integer
        prior = "log-uniform" if p["scaling"] == "Logarithmic" else "uniform"
        return kind(p["min"], p["max"], prior=prior)

    # What gp_minimize uses when nothing is said.
    optimizer = skopt.Optimizer([dimension(p) for p in space], "GP", n_initial_points=10,
                                random_state=seed)

    def ask():
        x = optimizer.ask()
        return x, {p["name"]: getattr(v, "item", lambda v=v: v)() for p, v in zip(space, x)}

    return ask, optimizer.tell


def hebo(_, space, seed):
    import numpy
    import torch
    from hebo.design_space.design_space import DesignSpace
    from hebo.optimizers.hebo import HEBO

    numpy.random.seed(seed)
    torch.manual_seed(seed)
    torch.set_num_threads(1)

    def declared(p):
        if p["type"] == "Categorical":
            return {"name": p["name"], "type": "cat", "categories": p["values"]}
        log = p["scaling"] == "Logarithmic"
        kind = {("Continuous", False): "num", ("Continuous", True): "pow", ("Integer", False): "int",
                ("Integer", True): "pow_int"}[p["type"], log]
        return {"name": p["name"], "type": kind, "lb": p["min"], "ub": p["max"]}

    optimizer = HEBO(DesignSpace().parse([declared(p) for p in space]), scramble_seed=seed)

    def ask():
        frame = optimizer.suggest(1)
        row = {p["name"]: frame.iloc[0][p["name"]] for p in space}
        return frame, {k: getattr(v, "item", lambda v=v: v)() for k, v in row.items()}

    return ask, lambda frame, value: optimizer.observe(frame, numpy.array([[value]]))


def main():
    kind, name, seed, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    logging.disable(logging.WARNING)
    function = functions.function(name)
    make = {"skopt_gp": skopt_gp, "hebo": hebo}.get(kind, optuna_study)
    ask, tell = make(kind, function.space, seed)
    values, truths, seconds = [], [], 0.0
    for number in range(count):
        began = time.perf_counter()
        token, point = ask()
        seconds += time.perf_counter() - began
        truths.append(function(point))
        values.append(function.observed(truths[-1], seed, number))
        began = time.perf_counter()
        tell(token, values[-1])
        seconds += time.perf_counter() - began
    print(json.dumps({"values": values, "truths": truths, "seconds": seconds,
                      "probe": function.probe()}))


if __name__ == "__main__":
    main()
