"""SageMaker SDK v3: ScriptProcessor with one script, FrameworkProcessor with a folder."""

import logging
import pathlib

from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.processing import FrameworkProcessor, ScriptProcessor
from sagemaker.core.resources import ProcessingJob
from sagemaker.core.shapes import (ProcessingInput, ProcessingOutput, ProcessingS3Input,
                                   ProcessingS3Output)

logging.basicConfig(level=logging.INFO)  # where the SDK writes jobs' lines
source = pathlib.Path(__file__).parent / "processing_source"
session = Session()
role = get_execution_role()
bucket = session.default_bucket()
pathlib.Path("rows.csv").write_text("1,2\n3,\n4,5\n")
image = image_uris.retrieve("sklearn", session.boto_region_name, version="1.2-1")
inputs = [ProcessingInput(input_name="data", s3_input=ProcessingS3Input(
    s3_uri="rows.csv", local_path="/opt/ml/processing/input/data", s3_data_type="S3Prefix",
    s3_input_mode="File"))]


def outputs(name):
    return [ProcessingOutput(output_name="out", s3_output=ProcessingS3Output(
        s3_uri=f"s3://{bucket}/processing-v3/{name}", local_path="/opt/ml/processing/output",
        s3_upload_mode="EndOfJob"))]


processor = ScriptProcessor(role=role, image_uri=image, command=["python3"], instance_count=1,
                            instance_type="ml.m5.large", sagemaker_session=session)
processor.run(str(source / "count.py"), inputs=inputs, outputs=outputs("count"),
              arguments=["--more", "words"], wait=True, logs=True)
assert session.read_s3_file(bucket, "processing-v3/count/count.txt") == "3 --more words"
job = ProcessingJob.get(processor.latest_job.processing_job_name)
assert job.processing_job_status == "Completed", job.failure_reason

framework = FrameworkProcessor(image, role=role, command=["python3"], instance_count=1,
                               instance_type="ml.m5.large", sagemaker_session=session)
framework.run("clean.py", source_dir=str(source), inputs=inputs, outputs=outputs("clean"),
              wait=True, logs=True)
assert session.read_s3_file(bucket, "processing-v3/clean/kept.csv") == "1,2\n4,5"
print("DONE")
