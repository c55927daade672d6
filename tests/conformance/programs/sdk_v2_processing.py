"""SageMaker SDK v2: SKLearnProcessor with one script, FrameworkProcessor with a folder."""

import pathlib

import sagemaker
from sagemaker.processing import FrameworkProcessor, ProcessingInput, ProcessingOutput
from sagemaker.sklearn import SKLearn
from sagemaker.sklearn.processing import SKLearnProcessor

source = pathlib.Path(__file__).parent / "processing_source"
session = sagemaker.Session()
role = sagemaker.get_execution_role()
bucket = session.default_bucket()
pathlib.Path("rows.csv").write_text("1,2\n3,\n4,5\n")
inputs = [ProcessingInput(source="rows.csv", destination="/opt/ml/processing/input/data")]


def outputs(name):
    return [ProcessingOutput(source="/opt/ml/processing/output", output_name="out",
                             destination=f"s3://{bucket}/processing-v2/{name}")]


processor = SKLearnProcessor("1.2-1", role, 1, "ml.m5.large", sagemaker_session=session)
processor.run(str(source / "count.py"), inputs=inputs, outputs=outputs("count"),
              arguments=["--more", "words"], wait=True, logs=True)
assert session.read_s3_file(bucket, "processing-v2/count/count.txt") == "3 --more words"

framework = FrameworkProcessor(SKLearn, "1.2-1", role=role, instance_type="ml.m5.large",
                               instance_count=1, sagemaker_session=session)
framework.run("clean.py", source_dir=str(source), inputs=inputs, outputs=outputs("clean"),
              wait=True, logs=True)
assert session.read_s3_file(bucket, "processing-v2/clean/kept.csv") == "1,2\n4,5"
print("DONE")
