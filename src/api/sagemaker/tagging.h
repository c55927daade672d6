// Tags of any resource, by ARN, and the policies that are only kept beside a resource.
#pragma once

#include "api/call.h"
#include "store/documents.h"

namespace clary::api::sagemaker {

// threads: any. blocks: on the store.
class Tagging {
 public:
  explicit Tagging(store::Documents& documents) : documents_(documents) {}
  json::object add_tags(const json::object& input, Call& call);
  json::object list_tags(const json::object& input, Call& call);
  json::object delete_tags(const json::object& input, Call& call);

 private:
  // Throws when no resource of the caller's account has that ARN.
  std::string require_arn(const json::object& input, const Call& call);
  store::Documents& documents_;
};

// [{"Key": ..., "Value": ...}], sorted by key.
json::array tag_list(const std::map<std::string, std::string>& tags);

}  // namespace clary::api::sagemaker
