"""estimator.deploy() of SDK v2, which looks at the endpoint every half minute, without that wait;
sdk_v2.py has the whole of it."""

import time


def deploy(estimator, **more):
    predictor = estimator.deploy(initial_instance_count=1, instance_type="ml.m5.large", wait=False,
                                 **more)
    client = estimator.sagemaker_session.sagemaker_client
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        endpoint = client.describe_endpoint(EndpointName=predictor.endpoint_name)
        if endpoint["EndpointStatus"] != "Creating":
            assert endpoint["EndpointStatus"] == "InService", endpoint.get("FailureReason")
            return predictor
        time.sleep(0.1)
    raise AssertionError(f"{predictor.endpoint_name} did not come into service")
