// Lineage beyond the generic engine: artifacts, whose names are ids, and associations.
#pragma once

#include "api/sagemaker/resources.h"

namespace clary::api::sagemaker {

// threads: any. blocks: on the store.
class Lineage {
 public:
  explicit Lineage(Resources& resources) : resources_(resources) {}
  // An artifact's id is a digest of what it points at, so the same source is one artifact.
  json::object create_artifact(const json::object& input, Call& call);
  json::object delete_artifact(const json::object& input, Call& call);
  json::object add_association(const json::object& input, Call& call);
  json::object delete_association(const json::object& input, Call& call);
  json::object list_associations(const json::object& input, Call& call);

 private:
  store::Document entity(std::string_view arn, const Call& call);
  Resources& resources_;
};

}  // namespace clary::api::sagemaker
