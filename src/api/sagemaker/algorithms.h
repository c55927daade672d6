// Algorithm resources: an image with what its training jobs may look like. Jobs and model packages
// that name one are completed from it when they are created, so later changes do not reach them.
#pragma once

#include "api/sagemaker/resources.h"

namespace clary::api::sagemaker {

// threads: any. blocks: on the store.
class Algorithms {
 public:
  explicit Algorithms(Resources& resources) : resources_(resources) {}
  json::object create(const json::object& input, Call& call);
  // The account's own, else one that is built in.
  json::object describe(const json::object& input, Call& call);

 private:
  Resources& resources_;
};

// The request of CreateTrainingJob with the image, metrics and default hyperparameters of the
// algorithm it names; as it is when it names none. Throws ApiError when there is no such algorithm,
// or the request is not what the algorithm takes.
json::object with_algorithm(const json::object& input, Resources& resources, const Call& call);

// What AlgorithmSpecification of a training job shows: the name or the image, never both.
void hide_algorithm_image(json::object& algorithm_specification);

// The request of CreateModelPackage with the InferenceSpecification of its source algorithm and the
// model data that SourceAlgorithmSpecification names.
json::object with_source_algorithm(const json::object& input, Resources& resources,
                                   const Call& call);

}  // namespace clary::api::sagemaker
