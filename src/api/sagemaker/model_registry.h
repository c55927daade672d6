// The model registry beyond the generic engine: versions of packages in groups, group policies,
// versions of model cards.
#pragma once

#include "api/sagemaker/resources.h"

namespace clary::api::sagemaker {

// threads: any. blocks: on the store.
class ModelRegistry {
 public:
  explicit ModelRegistry(Resources& resources) : resources_(resources) {}
  json::object delete_group(const json::object& input, Call& call);
  json::object put_group_policy(const json::object& input, Call& call);
  json::object get_group_policy(const json::object& input, Call& call);
  json::object delete_group_policy(const json::object& input, Call& call);

  // In a group: the next version of it; else an unversioned package by its own name.
  json::object create_package(const json::object& input, Call& call);
  json::object update_package(const json::object& input, Call& call);
  json::object list_packages(const json::object& input, Call& call);
  json::object batch_describe_packages(const json::object& input, Call& call);

  json::object create_card(const json::object& input, Call& call);
  json::object describe_card(const json::object& input, Call& call);
  json::object update_card(const json::object& input, Call& call);
  json::object list_card_versions(const json::object& input, Call& call);

 private:
  json::object create_version(const std::string& group, const json::object& input, Call& call);
  Resources& resources_;
};

}  // namespace clary::api::sagemaker
