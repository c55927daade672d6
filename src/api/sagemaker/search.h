// Search: resources of one kind by expressions over their members.
#pragma once

#include "api/sagemaker/experiments.h"
#include "api/sagemaker/resources.h"

namespace clary::api::sagemaker {

// Looks at every resource of the kind: fit for the thousands, not for the millions.
// threads: any. blocks: on the store.
class Search {
 public:
  Search(Resources& resources, Experiments& experiments)
      : resources_(resources), experiments_(experiments) {}
  json::object search(const json::object& input, Call& call);

 private:
  // What a SearchRecord holds of the document, and what filters read.
  json::object record_of(const Kind& kind, const store::Document& document,
                         const wire::Shape& shape, const Call& call);
  Resources& resources_;
  Experiments& experiments_;
};

}  // namespace clary::api::sagemaker
