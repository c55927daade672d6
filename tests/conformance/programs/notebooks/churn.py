"""The calls of the customer churn notebook: built-in XGBoost, from upload to answers in batches."""

import sys
import time

import boto3
import numpy
import sagemaker
from sagemaker.inputs import TrainingInput
from sagemaker.serializers import CSVSerializer

train_csv, validation_csv, test_csv = sys.argv[1:]
session = sagemaker.Session()
role = sagemaker.get_execution_role()
bucket, prefix = session.default_bucket(), "sagemaker/notebook-churn"
region = boto3.Session().region_name
store = boto3.Session().resource("s3").Bucket(bucket)
store.Object(f"{prefix}/train/train.csv").upload_file(train_csv)
store.Object(f"{prefix}/validation/validation.csv").upload_file(validation_csv)

image = sagemaker.image_uris.retrieve("xgboost", region, "1.7-1")
estimator = sagemaker.estimator.Estimator(
    image, role, instance_count=1, instance_type="ml.m4.xlarge",
    output_path=f"s3://{bucket}/{prefix}/output", sagemaker_session=session)
estimator.set_hyperparameters(max_depth=5, eta=0.2, gamma=4, min_child_weight=6, subsample=0.8,
                              verbosity=0, objective="binary:logistic", num_round=30)
estimator.fit({part: TrainingInput(s3_data=f"s3://{bucket}/{prefix}/{part}", content_type="csv")
               for part in ("train", "validation")}, logs=False)
predictor = estimator.deploy(initial_instance_count=1, instance_type="ml.m4.xlarge",
                             serializer=CSVSerializer(), wait=False)
# The SDK itself looks every half minute; in between nothing else happens.
deadline = time.monotonic() + 120
while time.monotonic() < deadline and session.sagemaker_client.describe_endpoint(
        EndpointName=predictor.endpoint_name)["EndpointStatus"] == "Creating":
    time.sleep(0.1)
rows = numpy.loadtxt(test_csv, delimiter=",")
text = []
for batch in numpy.array_split(rows[:, 1:], 3):
    answer = predictor.predict(batch).decode()
    text += answer.replace("\n", ",").strip(",").split(",")
scores = numpy.array(text, dtype=float)
assert scores.shape == (len(rows),), scores.shape
assert ((scores > 0.5) == (rows[:, 0] > 0.5)).mean() > 0.9
predictor.delete_endpoint()
print("\nDONE")
