"""The calls of the notebook that brings a scikit-learn container: build, push as to ECR, train, deploy,
predict, transform in batches."""

import subprocess
import sys
import time

import boto3
import numpy
import sagemaker
from sagemaker.serializers import CSVSerializer

folder, iris = sys.argv[1:]
NAME = "sagemaker-decision-trees"

# The notebook's shell cell: docker and the AWS CLI, with AWS's own name of the registry.
subprocess.run(["bash", "-euo", "pipefail", "-c", '''
cd "$0"
chmod +x decision_trees/train decision_trees/serve
account=$(aws sts get-caller-identity --query Account --output text)
region=${AWS_DEFAULT_REGION:-us-west-2}
fullname="$account.dkr.ecr.$region.amazonaws.com/$1:latest"
if ! aws ecr describe-repositories --repository-names "$1" > /dev/null 2>&1; then
  aws ecr create-repository --repository-name "$1" > /dev/null
fi
aws ecr get-login-password --region "$region" |
  docker login --username AWS --password-stdin "${fullname%%/*}"
docker build -t "$1" .
docker tag "$1" "$fullname"
docker push "$fullname"
''', folder, NAME], check=True)

session = sagemaker.Session()
role = sagemaker.get_execution_role()
bucket, prefix = session.default_bucket(), "DEMO-scikit-byo-iris"
data = session.upload_data(iris, bucket=bucket, key_prefix=prefix)
account = session.boto_session.client("sts").get_caller_identity()["Account"]
image = f"{account}.dkr.ecr.{session.boto_session.region_name}.amazonaws.com/{NAME}:latest"
tree = sagemaker.estimator.Estimator(
    image, role, 1, "ml.c4.2xlarge", output_path=f"s3://{bucket}/output",
    sagemaker_session=session)
tree.fit(f"s3://{bucket}/{prefix}")

predictor = tree.deploy(1, "ml.m4.xlarge", serializer=CSVSerializer(), wait=False)
# The SDK itself looks every half minute; in between nothing else happens.
deadline = time.monotonic() + 240
while True:
    endpoint = session.sagemaker_client.describe_endpoint(EndpointName=predictor.endpoint_name)
    if endpoint["EndpointStatus"] != "Creating" or time.monotonic() > deadline:
        break
    time.sleep(0.2)
assert endpoint["EndpointStatus"] == "InService", endpoint
rows = numpy.loadtxt(iris, delimiter=",", dtype=str)
labels, features = rows[:, 0], rows[:, 1:].astype(float)
some = [50 * kind + 40 + i for kind in range(3) for i in range(10)][:-1]
answer = predictor.predict(features[some]).decode().split()
assert (numpy.array(answer) == labels[some]).mean() > 0.9, answer
predictor.delete_endpoint()

output = "batch-transform-output"
transformer = tree.transformer(instance_count=1, instance_type="ml.m4.xlarge",
                               output_path=f"s3://{bucket}/{output}", assemble_with="Line",
                               accept="text/csv")
transformer.transform(f"s3://{bucket}/{prefix}", content_type="text/csv", split_type="Line",
                      input_filter="$[1:]", wait=False)
transformer.wait()
boto3.client("s3").download_file(bucket, f"{output}/iris.csv.out", "iris.csv.out")
lines = open("iris.csv.out").read().split()
assert len(lines) == len(rows) and (numpy.array(lines) == labels).mean() > 0.9, lines
print("\nDONE")
