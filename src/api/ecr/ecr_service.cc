#include "api/ecr/ecr_service.h"

#include "api/access_rules.h"
#include "api/authorize.h"
#include "api/ecr/access.h"

namespace clary::api {

std::vector<OperationEntry> EcrService::operations() {
  const auto on = [this](ecr::Operation* operation) -> Plain {
    return [this, operation](const json::object& input, Call& call) {
      return operation(stores_, input, call);
    };
  };
  return {
      {"GetAuthorizationToken", on(ecr::get_authorization_token), {}},
      {"DescribeRegistry", on(ecr::describe_registry), {}},
      {"CreateRepository", on(ecr::create_repository), {}},
      {"DescribeRepositories", on(ecr::describe_repositories), {}},
      {"DeleteRepository", on(ecr::delete_repository), {}},
      {"PutImageTagMutability", on(ecr::put_image_tag_mutability), {}},
      {"SetRepositoryPolicy", on(ecr::set_repository_policy), {}},
      {"GetRepositoryPolicy", on(ecr::get_repository_policy), {}},
      {"DeleteRepositoryPolicy", on(ecr::delete_repository_policy), {}},
      {"TagResource", on(ecr::tag_resource), {}},
      {"UntagResource", on(ecr::untag_resource), {}},
      {"ListTagsForResource", on(ecr::list_tags_for_resource), {}},
      {"ListImages", on(ecr::list_images), {}},
      {"DescribeImages", on(ecr::describe_images), {}},
      {"BatchGetImage", on(ecr::batch_get_image), {}},
      {"BatchDeleteImage", on(ecr::batch_delete_image), {}},
      {"PutImage", on(ecr::put_image), {}},
      {"BatchCheckLayerAvailability", on(ecr::batch_check_layer_availability), {}},
      {"GetDownloadUrlForLayer", on(ecr::get_download_url_for_layer), {}},
      {"InitiateLayerUpload", on(ecr::initiate_layer_upload), {}},
      {"UploadLayerPart", on(ecr::upload_layer_part), {}},
      {"CompleteLayerUpload", on(ecr::complete_layer_upload), {}},
  };
}

void EcrService::authorize(const json::object& input, Call& call) {
  const auto name = find_string(input, "repositoryName");
  if (!name || call.operation.name == "CreateRepository") {
    return authorize_by_rules(*this, input, call);
  }
  const OperationRule* const rule = AccessRules::get().find("ecr", call.operation.name);
  if (rule == nullptr) throw std::logic_error("no access rule for ecr." + call.operation.name);
  const registry::RepositoryName wanted = ecr::name_in(input, call);
  const auto repository = stores_.registry.find(wanted);
  require_access(call,
                 ecr::access_request(wanted, repository ? &*repository : nullptr, rule->action));
}

}  // namespace clary::api
