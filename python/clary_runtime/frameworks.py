"""What a framework's image does where a script brings no function of its own: finds and loads the
model, makes of a body what the model takes, predicts, and writes the answer."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

from clary_runtime import content, tensorflow_serving


class Defaults:
    """Of a framework that defines none: a script must bring model_fn and predict_fn."""

    def model_fn(self, model_dir: str) -> Any:
        raise NotImplementedError("Please provide a model_fn: without a script, or with one that "
                                  "has none, nothing here knows how to load this model")

    def input_fn(self, body: Any, content_type: str) -> Any:
        return content.decode(body, content_type)

    def predict_fn(self, data: Any, model: Any) -> Any:
        if hasattr(model, "predict"):
            return model.predict(data)
        raise NotImplementedError("Please provide a predict_fn")

    def output_fn(self, prediction: Any, accept: str) -> tuple[Any, str]:
        return content.encode(prediction, accept)


def only_file(model_dir: str, preferred: tuple[str, ...], endings: tuple[str, ...]) -> Path:
    folder = Path(model_dir)
    for name in preferred:
        if (folder / name).is_file():
            return folder / name
    fitting = sorted(path for path in folder.iterdir()
                     if path.is_file() and path.suffix in endings)
    if len(fitting) == 1:
        return fitting[0]
    found = ", ".join(sorted(path.name for path in folder.iterdir())) or "nothing"
    raise ValueError(f"the model should hold {' or '.join(preferred)}, or one file that ends with "
                     f"{' or '.join(endings)}; there is {found}. Provide a model_fn otherwise")


class Sklearn(Defaults):
    def model_fn(self, model_dir: str) -> Any:
        import joblib
        return joblib.load(only_file(model_dir, ("model.joblib", "model.pkl"),
                                     (".joblib", ".pkl", ".pickle")))

    def input_fn(self, body: Any, content_type: str) -> Any:
        import numpy
        data = content.decode(body, content_type)
        if len(data.shape) == 1:
            data = data.reshape(1, -1)
        text = content.media_type(content_type) in content.TEXTS
        return data.astype(numpy.float32) if text else data


class Xgboost(Defaults):
    def model_fn(self, model_dir: str) -> Any:
        import xgboost
        path = only_file(model_dir, ("xgboost-model", "model.json", "model.ubj"),
                         (".json", ".ubj", ".bin", ".model", ".pkl"))
        booster = xgboost.Booster()
        try:
            booster.load_model(str(path))
            return booster
        except xgboost.core.XGBoostError:
            with open(path, "rb") as file:
                return pickle.load(file)  # older scripts save a pickled Booster

    def input_fn(self, body: Any, content_type: str) -> Any:
        import numpy
        import xgboost
        kind = content.media_type(content_type)
        if kind in content.LIBSVM:
            return xgboost.DMatrix(libsvm_rows(body))
        if kind == content.CSV:
            text = (body.decode() if isinstance(body, bytes) else body).strip()
            try:
                rows = [[float(cell) if cell.strip() else numpy.nan for cell in line.split(",")]
                        for line in text.splitlines()]
                return xgboost.DMatrix(numpy.array(rows))
            except ValueError as error:
                raise content.BadPayload(f"the body is no text/csv of numbers: {error}") from error
        data = content.decode(body, content_type)
        return xgboost.DMatrix(data.reshape(1, -1) if len(data.shape) == 1 else data)

    def predict_fn(self, data: Any, model: Any) -> Any:
        import xgboost
        if isinstance(model, xgboost.Booster):
            return model.predict(data, validate_features=False)
        return model.get_booster().predict(data, validate_features=False)


def libsvm_rows(body: Any) -> Any:
    """`label index:value ...` or without a label. As XGBoost reads it: indices count from 0, and what
    a row does not name is missing."""
    import scipy.sparse
    text = body.decode() if isinstance(body, bytes) else body
    try:
        rows = [{int(cell.split(":")[0]): float(cell.split(":")[1])
                 for cell in line.split() if ":" in cell} for line in text.strip().splitlines()]
    except ValueError as error:
        raise content.BadPayload(f"the body is no LIBSVM: {error}") from error
    indices = [index for row in rows for index in row]
    if not indices or min(indices) < 0 or max(indices) > 10_000_000:
        raise content.BadPayload("the body is no LIBSVM: it has no features, or too many")
    ends = [0]
    for row in rows:
        ends.append(ends[-1] + len(row))
    values = [value for row in rows for value in row.values()]
    return scipy.sparse.csr_matrix((values, indices, ends), shape=(len(rows), max(indices) + 1))


class Pytorch(Defaults):
    """TorchScript, as in AWS's image; a state_dict takes a model_fn."""

    def model_fn(self, model_dir: str) -> Any:
        import torch
        path = only_file(model_dir, ("model.pt", "model.pth"), (".pt", ".pth"))
        try:
            return torch.jit.load(str(path), map_location=device()).eval()
        except RuntimeError as error:
            raise ValueError(f"{path.name} is no TorchScript model; save it with torch.jit.save, or "
                             f"provide a model_fn: {error}") from error

    def input_fn(self, body: Any, content_type: str) -> Any:
        import torch
        data = content.decode(body, content_type)
        if content.media_type(content_type) in content.TEXTS:
            return torch.FloatTensor(data).to(device())
        return torch.from_numpy(data).to(device())

    def predict_fn(self, data: Any, model: Any) -> Any:
        import torch
        with torch.no_grad():
            return model.to(device()).eval()(data.to(device()))

    def output_fn(self, prediction: Any, accept: str) -> tuple[Any, str]:
        import torch
        if isinstance(prediction, torch.Tensor):
            prediction = prediction.detach().cpu().numpy()
        return content.encode(prediction, accept)


class Huggingface(Defaults):
    """The Hugging Face toolkit's: a pipeline over the model's files, or over HF_MODEL_ID."""

    def model_fn(self, model_dir: str) -> Any:
        from transformers import pipeline
        task = os.environ.get("HF_TASK")
        if not task:
            raise ValueError("say with the variable HF_TASK what the model does, such as "
                             "text-classification, or provide a model_fn")
        return pipeline(task, model=os.environ.get("HF_MODEL_ID") or model_dir)

    def input_fn(self, body: Any, content_type: str) -> Any:
        if content.media_type(content_type) != content.JSON:
            raise content.UnsupportedFormat(content_type)
        try:
            data = json.loads(body)
        except ValueError as error:
            raise content.BadPayload(f"the body is no application/json: {error}") from error
        if not isinstance(data, dict) or "inputs" not in data:
            raise content.BadPayload('the body must be {"inputs": ..., "parameters": {...}}')
        return data

    def predict_fn(self, data: Any, model: Any) -> Any:
        return model(data["inputs"], **(data.get("parameters") or {}))


class Tensorflow(Defaults):
    """TensorFlow Serving's, over a SavedModel."""

    def model_fn(self, model_dir: str) -> Any:
        return tensorflow_serving.SavedModel(tensorflow_serving.newest_saved_model(model_dir))

    def input_fn(self, body: Any, content_type: str) -> Any:
        return tensorflow_serving.instances_of(body, content_type)

    def predict_fn(self, data: Any, model: Any) -> Any:
        if not isinstance(model, tensorflow_serving.SavedModel):
            return super().predict_fn(data, model)
        columns = tensorflow_serving.columns_of(data, list(model.inputs))
        return tensorflow_serving.answer_of(data, model.predict(columns))


def device() -> Any:
    import torch
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def defaults() -> Defaults:
    known = {"sklearn": Sklearn, "xgboost": Xgboost, "pytorch": Pytorch,
             "huggingface": Huggingface, "tensorflow": Tensorflow}
    return known.get(os.environ.get("CLARY_FRAMEWORK", ""), Defaults)()
