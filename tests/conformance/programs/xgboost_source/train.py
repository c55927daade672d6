"""XGBoost in script mode, as AWS's samples write it."""

import argparse
import os

import numpy
import xgboost


def model_fn(model_dir):
    booster = xgboost.Booster()
    booster.load_model(os.path.join(model_dir, "xgboost-model.json"))
    return booster


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--num_round", type=int)
    parser.add_argument("--objective")
    arguments = parser.parse_args()
    folder = os.environ["SM_CHANNEL_TRAIN"]
    rows = numpy.vstack([numpy.loadtxt(os.path.join(folder, name), delimiter=",")
                         for name in sorted(os.listdir(folder))])
    booster = xgboost.train({"objective": arguments.objective, "nthread": 1},
                            xgboost.DMatrix(rows[:, 1:], label=rows[:, 0]),
                            num_boost_round=arguments.num_round)
    booster.save_model(os.path.join(os.environ["SM_MODEL_DIR"], "xgboost-model.json"))
