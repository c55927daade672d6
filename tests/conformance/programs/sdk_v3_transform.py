"""SageMaker SDK v3: a transformer with logs over a model of the core resources."""

import logging
import sys

from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.resources import Model, TransformJob
from sagemaker.core.shapes import ContainerDefinition
from sagemaker.core.transformer import Transformer

logging.basicConfig(level=logging.INFO)  # where the SDK writes jobs' lines
artifact, test_csv = sys.argv[1:]

session = Session()
bucket = session.default_bucket()
image = image_uris.retrieve("xgboost", session.boto_region_name, version="1.7-1")
data = session.upload_data(test_csv, bucket, key_prefix="transform-v3/in")
model = Model.create(model_name="transform-v3", execution_role_arn=get_execution_role(),
                     primary_container=ContainerDefinition(image=image, model_data_url=artifact))
transformer = Transformer("transform-v3", 1, "ml.m5.large", assemble_with="Line",
                          accept="text/csv", output_path=f"s3://{bucket}/transform-v3/out",
                          sagemaker_session=session)
transformer.transform(data, content_type="text/csv", split_type="Line", input_filter="$[1:]",
                      join_source="Input", output_filter="$[0,-1]", wait=True, logs=True)
job = TransformJob.get(transformer.latest_transform_job.transform_job_name)
assert job.transform_job_status == "Completed", job.failure_reason
text = session.read_s3_file(bucket, "transform-v3/out/test.csv.out")
rows = [line.split(",") for line in text.split()]
right = sum((float(score) > 0.5) == (float(label) > 0.5) for label, score in rows) / len(rows)
print("ACCURACY", right)
assert len(rows) == 334 and right > 0.9
model.delete()
print("DONE")
