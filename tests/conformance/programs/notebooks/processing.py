"""The calls of the notebook on data processing and model evaluation: SKLearnProcessor, SKLearn,
S3Downloader, FrameworkProcessor."""

import json
import sys
from pathlib import Path

import sagemaker
from sagemaker.processing import FrameworkProcessor, ProcessingInput, ProcessingOutput
from sagemaker.s3 import S3Downloader
from sagemaker.sklearn.estimator import SKLearn
from sagemaker.sklearn.processing import SKLearnProcessor

(table,) = sys.argv[1:]
here = Path(__file__).parent
session = sagemaker.Session()
role = sagemaker.get_execution_role()
data = session.upload_data(table, key_prefix="notebook-processing/input")
split_inputs = [ProcessingInput(source=data, destination="/opt/ml/processing/input")]
split_outputs = [ProcessingOutput(output_name="train_data", source="/opt/ml/processing/train"),
                 ProcessingOutput(output_name="test_data", source="/opt/ml/processing/test")]


def uri_of(job, name):
    outputs = job.describe()["ProcessingOutputConfig"]["Outputs"]
    return next(o["S3Output"]["S3Uri"] for o in outputs if o["OutputName"] == name)


processor = SKLearnProcessor(framework_version="1.2-1", role=role, instance_type="ml.m5.xlarge",
                             instance_count=1)
processor.run(code=str(here / "processing_code" / "split.py"), inputs=split_inputs,
              outputs=split_outputs, arguments=["--test-share", "0.2"], logs=False)
train_uri, test_uri = (uri_of(processor.jobs[-1], name) for name in ("train_data", "test_data"))

estimator = SKLearn(entry_point=str(here / "train_linear.py"), framework_version="1.2-1",
                    instance_type="ml.m5.xlarge", role=role)
estimator.fit({"train": train_uri}, logs=False)
described = estimator.jobs[-1].describe()
model = (f"{described['OutputDataConfig']['S3OutputPath']}{described['TrainingJobName']}"
         "/output/model.tar.gz")

processor.run(code=str(here / "evaluate.py"),
              inputs=[ProcessingInput(source=model, destination="/opt/ml/processing/model"),
                      ProcessingInput(source=test_uri, destination="/opt/ml/processing/test")],
              outputs=[ProcessingOutput(output_name="evaluation",
                                        source="/opt/ml/processing/evaluation")],
              logs=False)
evaluation = json.loads(
    S3Downloader.read_file(uri_of(processor.jobs[-1], "evaluation") + "/evaluation.json"))
print("ACCURACY", evaluation["accuracy"])
assert evaluation["accuracy"] > 0.6 and evaluation["roc_auc"] > 0.6

framework = FrameworkProcessor(role=role, instance_count=1, instance_type="ml.m5.xlarge",
                               estimator_cls=SKLearn, framework_version="1.2-1")
framework.run(code="split.py", source_dir=str(here / "processing_code"), inputs=split_inputs,
              outputs=split_outputs, arguments=["--test-share", "0.2"], logs=False)
assert framework.jobs[-1].describe()["ProcessingJobStatus"] == "Completed"
print("\nDONE")
