"""SageMaker SDK v2: a transformer with logs; ids beside scores; attached to again."""

import sys

import boto3
import sagemaker
from sagemaker.model import Model
from sagemaker.transformer import Transformer

artifact, test_csv = sys.argv[1:]

session = sagemaker.Session()
role = sagemaker.get_execution_role()
bucket = session.default_bucket()
image = sagemaker.image_uris.retrieve("xgboost", session.boto_region_name, version="1.7-1")
data = session.upload_data(test_csv, key_prefix="transform-v2/in")
model = Model(image, artifact, role, sagemaker_session=session)
transformer = model.transformer(1, "ml.m5.large", strategy="MultiRecord", assemble_with="Line",
                                accept="text/csv", output_path=f"s3://{bucket}/transform-v2/out")
transformer.transform(data, content_type="text/csv", split_type="Line", input_filter="$[1:]",
                      join_source="Input", output_filter="$[0,-1]", wait=True, logs=True)
text = session.read_s3_file(bucket, "transform-v2/out/test.csv.out")
rows = [line.split(",") for line in text.split()]
right = sum((float(score) > 0.5) == (float(label) > 0.5) for label, score in rows) / len(rows)
print("ACCURACY", right)
assert len(rows) == 334 and right > 0.9

again = Transformer.attach(transformer.latest_transform_job.name, session)
assert again.output_path == transformer.output_path
boto3.client("sagemaker").delete_model(ModelName=transformer.model_name)
print("DONE")
