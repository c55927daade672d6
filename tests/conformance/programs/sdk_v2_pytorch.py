"""SDK v2's PyTorch estimator: fit, deploy with the script put into the model, predict."""

from pathlib import Path

import numpy
import sagemaker
from quick_deploy import deploy
from sagemaker.deserializers import JSONDeserializer, NumpyDeserializer
from sagemaker.pytorch import PyTorch
from sagemaker.serializers import JSONSerializer, NumpySerializer

session = sagemaker.Session()
estimator = PyTorch("train.py", source_dir=str(Path(__file__).parent / "pytorch_source"),
                    framework_version="1.13.1", py_version="py39",
                    role=sagemaker.get_execution_role(), instance_count=1,
                    instance_type="ml.m5.xlarge", sagemaker_session=session,
                    hyperparameters={"steps": 2000})
estimator.fit(wait=True, logs="All")
predictor = deploy(estimator)
rows = numpy.array([[0, 0, 0, 0], [1, 1, 1, 1]], dtype=numpy.float32)
for serializer, deserializer in ((JSONSerializer(), JSONDeserializer()),
                                 (NumpySerializer(dtype="float32"), NumpyDeserializer())):
    predictor.serializer, predictor.deserializer = serializer, deserializer
    answer = numpy.array(predictor.predict(rows)).reshape(-1)
    print("PYTORCH", type(serializer).__name__, answer)
    assert abs(answer[0] - 0.5) < 0.3 and abs(answer[1] - 10.5) < 0.3, answer
predictor.delete_model()
predictor.delete_endpoint()
print("DONE")
