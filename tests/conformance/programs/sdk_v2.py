"""SageMaker SDK v2, as in any notebook: role, bucket, upload, fit with logs, deploy, predict."""

import sys

import numpy
import sagemaker
from sagemaker.deserializers import CSVDeserializer
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.serializers import CSVSerializer

train_csv, validation_csv, test_csv = sys.argv[1:]

session = sagemaker.Session()
role = sagemaker.get_execution_role()
bucket = session.default_bucket()
assert ":role/" in role and bucket.startswith("sagemaker-"), (role, bucket)
train_uri = session.upload_data(train_csv, key_prefix="churn-v2/train")
validation_uri = session.upload_data(validation_csv, key_prefix="churn-v2/validation")

image = sagemaker.image_uris.retrieve("xgboost", session.boto_region_name, version="1.7-1")
estimator = Estimator(image, role, instance_count=1, instance_type="ml.m5.xlarge",
                      output_path=f"s3://{bucket}/churn-v2/output", sagemaker_session=session)
estimator.set_hyperparameters(objective="binary:logistic", num_round=20, max_depth=5, eta=0.2,
                              gamma=4, min_child_weight=6, subsample=0.8, eval_metric="auc")
estimator.fit({"train": TrainingInput(train_uri, content_type="csv"),
               "validation": TrainingInput(validation_uri, content_type="csv")}, logs="All")
assert estimator.model_data.endswith("/output/model.tar.gz"), estimator.model_data

frame = estimator.training_job_analytics.dataframe(force_refresh=True)
print("METRICS", sorted(set(frame["metric_name"])))

again = Estimator.attach(estimator.latest_training_job.name, sagemaker_session=session)
assert again.model_data == estimator.model_data

predictor = estimator.deploy(initial_instance_count=1, instance_type="ml.m5.large",
                             serializer=CSVSerializer(), deserializer=CSVDeserializer())
rows = numpy.loadtxt(test_csv, delimiter=",")
answers = predictor.predict(rows[:, 1:])
scores = numpy.array([float(v) for row in answers for v in row])
assert scores.shape == rows[:, 0].shape, (scores.shape, rows.shape)
right = float(((scores > 0.5) == (rows[:, 0] > 0.5)).mean())
print("ACCURACY", right)
assert right > 0.9

predictor.update_endpoint(initial_instance_count=1, instance_type="ml.m5.xlarge")
assert len(predictor.predict(rows[:1, 1:])) == 1
predictor.delete_model()
predictor.delete_endpoint()
print("DONE")
