"""SDK v3: ModelTrainer with MPI on one instance and on two, its driver unmodified."""

import sys

from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.resources import TrainingJob
from sagemaker.core.training.configs import Compute, SourceCode
from sagemaker.train import ModelTrainer
from sagemaker.train.distributed import MPI

[source_dir] = sys.argv[1:]
session = Session()


def start(instances, ranks, options=None):
    trainer = ModelTrainer(
        training_image=image_uris.retrieve("sklearn", session.boto_region_name, version="1.2-1",
                                           py_version="py3", instance_type="ml.m5.large"),
        role=get_execution_role(), sagemaker_session=session,
        base_job_name=f"mpi-v3-on-{instances}",
        compute=Compute(instance_type="ml.m5.large", instance_count=instances,
                        volume_size_in_gb=10),
        source_code=SourceCode(source_dir=source_dir, entry_script="train.py"),
        distributed=MPI(process_count_per_node=ranks, mpi_additional_options=options),
        hyperparameters={"start": 5})
    trainer.train(wait=False)
    return trainer._latest_training_job.training_job_name


# The driver asks mpirun for process_count_per_node ranks in all, which fill the first host unless
# they are dealt out.
for name in [start(2, 2, ["--map-by", "node"]), start(1, 2)]:
    job = TrainingJob.get(name)
    job.wait()
    print("ENDED", name, job.training_job_status, job.failure_reason)
print("DONE")
