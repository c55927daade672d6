// The trial component that SageMaker keeps for every job: what `load_run` finds by the job's ARN
// inside the job, and what experiments compare afterwards.
#pragma once

#include "store/documents.h"

namespace clary::api::sagemaker {

// Creates the component of a training, processing or transform job, or brings it up to the job's
// document; relates it to the trial that ExperimentConfig names. May be repeated. blocks: on the
// store.
void record_component(store::Documents& documents, const store::Document& job);

}  // namespace clary::api::sagemaker
