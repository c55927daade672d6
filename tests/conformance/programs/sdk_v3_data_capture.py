"""SageMaker SDK v3: a model deployed with data capture, read back, changed by an update."""

import json
import sys
import time

from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.model_monitor import DataCaptureConfig
from sagemaker.core.resources import Endpoint, EndpointConfig
from sagemaker.core.s3 import S3Downloader
from sagemaker.serve import ModelBuilder

artifact, bucket, row = sys.argv[1:]

# The SDK looks every 30 seconds whether an endpoint is ready.
sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.5))

session = Session()
image = image_uris.retrieve("xgboost", session.boto_region_name, version="1.7-1")
builder = ModelBuilder(image_uri=image, s3_model_data_url=artifact, role_arn=get_execution_role(),
                       sagemaker_session=session, instance_type="ml.m5.large")
builder.build()
destination = f"s3://{bucket}/v3"
capture = DataCaptureConfig(enable_capture=True, sampling_percentage=100,
                            destination_s3_uri=destination, sagemaker_session=session)
endpoint = builder.deploy(initial_instance_count=1, instance_type="ml.m5.large",
                          data_capture_config=capture)
found = Endpoint.get(endpoint.endpoint_name)
assert found.data_capture_config.capture_status == "Started", found.data_capture_config
assert found.data_capture_config.destination_s3_uri == destination
config = EndpointConfig.get(found.endpoint_config_name)
assert config.data_capture_config.initial_sampling_percentage == 100

answer = endpoint.invoke(body=row, content_type="text/csv", accept="text/csv", inference_id="one")
text = answer.body.read() if hasattr(answer.body, "read") else answer.body
text = text.decode() if isinstance(text, bytes) else text

deadline = time.monotonic() + 60
lines = []
while not lines:
    assert time.monotonic() < deadline
    time.sleep(0.3)
    lines = [json.loads(line) for uri in S3Downloader.list(destination, sagemaker_session=session)
             for line in S3Downloader.read_file(uri, sagemaker_session=session).splitlines()]
line, = lines
assert line["captureData"]["endpointInput"]["data"] == row, line
assert line["captureData"]["endpointOutput"]["data"] == text, line
assert line["eventMetadata"]["inferenceId"] == "one", line

less = EndpointConfig.create(
    endpoint_config_name=endpoint.endpoint_name + "-less",
    production_variants=config.production_variants,
    data_capture_config=config.data_capture_config.model_copy(
        update={"initial_sampling_percentage": 7}))
found.endpoint_config_name = less.endpoint_config_name
found.update()
found.wait_for_status("InService", timeout=60)
found.refresh()
assert found.data_capture_config.current_sampling_percentage == 7, found.data_capture_config
found.delete()
print("\nDONE")
