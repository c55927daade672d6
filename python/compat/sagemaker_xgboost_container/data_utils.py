"""Training data as a DMatrix."""

import os

CSV = ("csv", "text/csv")
LIBSVM = ("libsvm", "text/libsvm", "text/x-libsvm")
PARQUET = ("parquet", "application/x-parquet")


def _files(path):
    if os.path.isfile(path):
        return [path]
    found = [os.path.join(folder, name) for folder, _, names in os.walk(path)
             for name in names if not name.startswith((".", "_"))]
    return sorted(found)


def _columns(rows, csv_weights):
    import xgboost
    if csv_weights:
        return xgboost.DMatrix(rows[:, 2:], label=rows[:, 0], weight=rows[:, 1])
    return xgboost.DMatrix(rows[:, 1:], label=rows[:, 0])


def get_dmatrix(data_path, content_type, csv_weights=0, is_pipe=False, combine_train_val=False):
    """The label is the first column; None when there are no files."""
    import numpy
    if is_pipe:
        raise ValueError("Pipe mode is not available here: use File")
    kind = content_type.split(";", 1)[0].strip().lower()
    files = [name for path in (data_path if isinstance(data_path, list) else [data_path])
             for name in _files(path)]
    if not files:
        return None
    if kind in CSV:
        rows = [numpy.genfromtxt(name, delimiter=",", ndmin=2) for name in files]
        return _columns(numpy.vstack(rows), csv_weights)
    if kind in PARQUET:
        import pandas
        return _columns(pandas.concat(map(pandas.read_parquet, files)).to_numpy(), 0)
    if kind in LIBSVM:
        import sklearn.datasets
        import scipy.sparse
        import xgboost
        # As XGBoost itself reads it, where a first index of 1 leaves an empty column before it.
        loaded = sklearn.datasets.load_svmlight_files(files, zero_based=True)
        return xgboost.DMatrix(scipy.sparse.vstack(loaded[0::2]),
                               label=numpy.concatenate(loaded[1::2]))
    raise ValueError(f"{content_type} is not an accepted content type: csv, libsvm, parquet")
