"""XGBoost in script mode, as AWS's samples write it."""

import argparse
import os

import xgboost
from sagemaker_xgboost_container.data_utils import get_dmatrix


def model_fn(model_dir):
    booster = xgboost.Booster()
    booster.load_model(os.path.join(model_dir, "xgboost-model.json"))
    return booster


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--num_round", type=int)
    parser.add_argument("--objective")
    arguments = parser.parse_args()
    booster = xgboost.train({"objective": arguments.objective, "nthread": 1},
                            get_dmatrix(os.environ["SM_CHANNEL_TRAIN"], "text/csv"),
                            num_boost_round=arguments.num_round)
    booster.save_model(os.path.join(os.environ["SM_MODEL_DIR"], "xgboost-model.json"))
