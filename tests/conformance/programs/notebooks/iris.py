"""The calls of the iris notebook: a scikit-learn script trained, deployed, and run over a folder of
files by batch transform."""

import sys
import tempfile
from pathlib import Path

import numpy
import sagemaker
from sagemaker.s3 import S3Downloader
from sagemaker.sklearn.estimator import SKLearn

here = Path(__file__).parent
session = sagemaker.Session()
role = sagemaker.get_execution_role()
work = Path(tempfile.mkdtemp())
# Three clouds of points in place of the flowers.
random = numpy.random.default_rng(7)
labels = numpy.repeat([0, 1, 2], 50)
points = random.normal(size=(150, 4)) * 0.3 + labels[:, None]
(work / "data").mkdir()
numpy.savetxt(work / "data" / "iris.csv", numpy.column_stack([labels, points]), delimiter=",",
              fmt="%.3f")
train = session.upload_data(str(work / "data"), key_prefix="notebook-iris/data")

estimator = SKLearn(entry_point=str(here / "iris_script.py"), framework_version="1.2-1",
                    instance_type="ml.c4.xlarge", role=role, sagemaker_session=session,
                    hyperparameters={"max_leaf_nodes": 30})
estimator.fit({"train": train}, logs=False)
if "--deploy" in sys.argv:
    predictor = estimator.deploy(initial_instance_count=1, instance_type="ml.m5.xlarge")
    assert (numpy.array(predictor.predict(points)) == labels).mean() > 0.9
    predictor.delete_endpoint()

(work / "batch").mkdir()
for number in range(10):
    numpy.savetxt(work / "batch" / f"part_{number}.csv", points[number * 15:number * 15 + 15],
                  delimiter=",", fmt="%.3f")
batch = session.upload_data(str(work / "batch"), key_prefix="notebook-iris/batch")
transformer = estimator.transformer(instance_count=1, instance_type="ml.m5.xlarge")
transformer.transform(batch, content_type="text/csv", logs=False)
transformer.wait(logs=False)
S3Downloader.download(transformer.output_path, str(work / "output"))
guesses = []
for number in range(10):
    text = next((work / "output").rglob(f"part_{number}.csv.out")).read_text()
    guesses += [float(word) for word in text.replace("[", " ").replace("]", " ")
                .replace(",", " ").split()]
assert len(guesses) == 150 and (numpy.array(guesses) == labels).mean() > 0.9
print("\nDONE")
