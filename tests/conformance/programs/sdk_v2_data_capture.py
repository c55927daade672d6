"""SageMaker SDK v2: a model deployed with data capture, read back, switched off and on."""

import json
import sys
import time

import sagemaker
from sagemaker.model import Model
from sagemaker.model_monitor import DataCaptureConfig
from sagemaker.predictor import Predictor
from sagemaker.s3 import S3Downloader
from sagemaker.serializers import CSVSerializer

artifact, bucket, row = sys.argv[1:]

# The SDK looks every 30 seconds whether an endpoint is ready.
sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.5))

session = sagemaker.Session()
image = sagemaker.image_uris.retrieve("xgboost", session.boto_region_name, version="1.7-1")
model = Model(image, model_data=artifact, role=sagemaker.get_execution_role(),
              predictor_cls=Predictor, sagemaker_session=session)
destination = f"s3://{bucket}/v2"
predictor = model.deploy(initial_instance_count=1, instance_type="ml.m5.large",
                         serializer=CSVSerializer(), data_capture_config=DataCaptureConfig(
                             enable_capture=True, sampling_percentage=100,
                             destination_s3_uri=destination, sagemaker_session=session))


def status():
    described = session.sagemaker_client.describe_endpoint(EndpointName=predictor.endpoint_name)
    return described["DataCaptureConfig"]["CaptureStatus"]


def captured(at_least):
    deadline = time.monotonic() + 60
    while True:
        lines = [json.loads(line) for uri in S3Downloader.list(destination)
                 for line in S3Downloader.read_file(uri).splitlines()]
        if len(lines) >= at_least:
            return lines
        assert time.monotonic() < deadline, lines
        time.sleep(0.3)


assert status() == "Started"
answer = predictor.predict(row, inference_id="first").decode()
line, = captured(1)
assert line["captureData"]["endpointInput"]["data"] == row, line
assert line["captureData"]["endpointOutput"]["data"] == answer, line
assert line["captureData"]["endpointOutput"]["encoding"] == "CSV", line
assert line["eventMetadata"]["inferenceId"] == "first", line

predictor.disable_data_capture()
assert status() == "Stopped"
predictor.predict(row, inference_id="off")
predictor.update_data_capture_config(DataCaptureConfig(
    enable_capture=True, sampling_percentage=100, destination_s3_uri=destination,
    capture_options=["REQUEST"], sagemaker_session=session))
assert status() == "Started"
predictor.predict(row, inference_id="second")
lines = captured(2)
assert sorted(l["eventMetadata"]["inferenceId"] for l in lines) == ["first", "second"], lines
assert [set(l["captureData"]) for l in lines if l["eventMetadata"]["inferenceId"] == "second"] == [
    {"endpointInput"}]
predictor.delete_endpoint()
print("\nDONE")
