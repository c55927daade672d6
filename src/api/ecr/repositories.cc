#include "api/access.h"
#include "api/ecr/access.h"
#include "api/ecr/operations.h"
#include "base/arn.h"
#include "identity/policy.h"

namespace clary::api::ecr {
namespace {

using registry::Repository;
using registry::RepositoryName;

constexpr std::size_t kMostTags = 50;

json::object shown(const Repository& repository, const Call& call) {
  json::object result{
      {"repositoryArn", repository_arn(repository.name)},
      {"registryId", repository.name.account},
      {"repositoryName", repository.name.name},
      {"repositoryUri", host_of(call.request, repository.name) + "/" + repository.name.name},
      {"createdAt", epoch_seconds(repository.created)}};
  for (auto member :
       {"imageTagMutability", "imageScanningConfiguration", "encryptionConfiguration"}) {
    if (const json::value* value = repository.settings.if_contains(member)) {
      result[member] = *value;
    }
  }
  return result;
}

[[noreturn]] void not_available(const std::string& what) {
  throw wire::ApiError("InvalidParameterException",
                       "Invalid parameter: " + what + " is not available on this server.");
}

void add_tags(const json::array& given, json::object& tags) {
  for (const json::value& each : given) {
    const json::object& tag = each.as_object();
    tags[string_or(tag, "Key")] = string_or(tag, "Value");
  }
  if (tags.size() > kMostTags) {
    throw wire::ApiError("TooManyTagsException", "A repository has at most 50 tags.");
  }
}

// The repository that a tag operation's ARN names.
RepositoryName resource_in(const json::object& input) {
  constexpr std::string_view kKind = "repository/";
  const std::string text = string_or(input, "resourceArn");
  const auto arn = parse_arn(text);
  if (!arn || arn->service != "ecr" || !arn->resource.starts_with(kKind)) {
    throw wire::ApiError("InvalidParameterException",
                         "Invalid parameter at 'resourceArn': it is no repository's ARN");
  }
  return {std::string(arn->account), std::string(arn->region),
          std::string(arn->resource.substr(kKind.size()))};
}

void change(const Stores& stores, const RepositoryName& name,
            const std::function<void(Repository&)>& how) {
  if (!stores.registry.update(name, how)) throw_no_repository(name);
}

json::object policy_answer(const RepositoryName& name, std::string policy) {
  return {{"registryId", name.account},
          {"repositoryName", name.name},
          {"policyText", std::move(policy)}};
}

[[noreturn]] void throw_no_policy(const RepositoryName& name) {
  throw wire::ApiError("RepositoryPolicyNotFoundException",
                       "Repository policy does not exist for the repository with name '" +
                           name.name + "' in the registry with id '" + name.account + "'");
}

}  // namespace

json::object create_repository(const Stores& stores, const json::object& input, Call& call) {
  Repository repository;
  repository.name = name_in(input, call);
  if (repository.name.account != call.account) {
    throw wire::ApiError("InvalidParameterException",
                         "Invalid parameter at 'registryId': it is another account's registry");
  }
  if (!registry::is_repository_name(repository.name.name)) {
    throw wire::ApiError(
        "InvalidParameterException",
        "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular "
        "expression '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*''");
  }
  const std::string mutability = string_or(input, "imageTagMutability", "MUTABLE");
  if (mutability.ends_with("_EXCLUSION")) not_available("imageTagMutability " + mutability);
  if (const json::object* encryption = find_object(input, "encryptionConfiguration")) {
    if (string_or(*encryption, "encryptionType") != "AES256") {
      not_available("encryptionType " + string_or(*encryption, "encryptionType"));
    }
  }
  bool scan = false;
  if (const json::object* scanning = find_object(input, "imageScanningConfiguration")) {
    scan = find_bool(*scanning, "scanOnPush").value_or(false);
    if (scan) not_available("scanOnPush");
  }
  json::object tags;
  if (const json::array* given = find_array(input, "tags")) add_tags(*given, tags);
  repository.settings = {{"imageTagMutability", mutability},
                         {"imageScanningConfiguration", {{"scanOnPush", scan}}},
                         {"tags", std::move(tags)}};
  if (!stores.registry.create(repository)) {
    throw wire::ApiError("RepositoryAlreadyExistsException",
                         "The repository with name '" + repository.name.name +
                             "' already exists in the registry with id '" +
                             repository.name.account + "'");
  }
  return {{"repository", shown(repository, call)}};
}

json::object describe_repositories(const Stores& stores, const json::object& input, Call& call) {
  json::object output;
  json::array all;
  const std::string account = string_or(input, "registryId", call.account);
  if (const json::array* names = find_array(input, "repositoryNames")) {
    for (const json::value& name : *names) {
      const RepositoryName wanted{account, std::string(call.region), std::string(name.as_string())};
      const auto repository = stores.registry.find(wanted);
      if (!repository) throw_no_repository(wanted);
      all.emplace_back(shown(*repository, call));
    }
  } else {
    for (const Repository& each : stores.registry.list(account, call.region)) {
      all.emplace_back(shown(each, call));
    }
  }
  output["repositories"] = page_of(std::move(all), input, output);
  return output;
}

json::object delete_repository(const Stores& stores, const json::object& input, Call& call) {
  const Repository repository = existing(stores, input, call);
  const bool force = find_bool(input, "force").value_or(false);
  if (!force && !stores.registry.manifests(repository.name).empty()) {
    throw wire::ApiError("RepositoryNotEmptyException",
                         "The repository with name '" + repository.name.name +
                             "' in registry with id '" + repository.name.account +
                             "' cannot be deleted because it still contains images");
  }
  if (!stores.registry.remove(repository.name)) throw_no_repository(repository.name);
  return {{"repository", shown(repository, call)}};
}

json::object put_image_tag_mutability(const Stores& stores, const json::object& input, Call& call) {
  const RepositoryName name = name_in(input, call);
  const std::string mutability = string_or(input, "imageTagMutability");
  if (mutability.ends_with("_EXCLUSION")) not_available("imageTagMutability " + mutability);
  change(stores, name,
         [&](Repository& repository) { repository.settings["imageTagMutability"] = mutability; });
  return {{"registryId", name.account},
          {"repositoryName", name.name},
          {"imageTagMutability", mutability}};
}

json::object set_repository_policy(const Stores& stores, const json::object& input, Call& call) {
  const RepositoryName name = name_in(input, call);
  const std::string text = string_or(input, "policyText");
  if (const auto policy = identity::parse_policy(text, identity::PolicyKind::kTrust); !policy) {
    throw wire::ApiError("InvalidParameterException",
                         "Invalid parameter at 'PolicyText' failed to satisfy constraint: "
                         "'Invalid repository policy provided: " +
                             policy.error() + "'");
  }
  change(stores, name, [&](Repository& repository) { repository.settings["policy"] = text; });
  return policy_answer(name, text);
}

json::object get_repository_policy(const Stores& stores, const json::object& input, Call& call) {
  const Repository repository = existing(stores, input, call);
  std::string policy = string_or(repository.settings, "policy");
  if (policy.empty()) throw_no_policy(repository.name);
  return policy_answer(repository.name, std::move(policy));
}

json::object delete_repository_policy(const Stores& stores, const json::object& input, Call& call) {
  const Repository repository = existing(stores, input, call);
  const std::string policy = string_or(repository.settings, "policy");
  if (policy.empty()) throw_no_policy(repository.name);
  change(stores, repository.name, [](Repository& stored) { stored.settings.erase("policy"); });
  return policy_answer(repository.name, policy);
}

json::object tag_resource(const Stores& stores, const json::object& input, Call&) {
  change(stores, resource_in(input), [&](Repository& repository) {
    json::value& tags = repository.settings["tags"];
    if (!tags.is_object()) tags = json::object();
    add_tags(*find_array(input, "tags"), tags.get_object());
  });
  return {};
}

json::object untag_resource(const Stores& stores, const json::object& input, Call&) {
  change(stores, resource_in(input), [&](Repository& repository) {
    json::value& tags = repository.settings["tags"];
    if (!tags.is_object()) return;
    for (const json::value& key : *find_array(input, "tagKeys")) {
      tags.get_object().erase(key.as_string());
    }
  });
  return {};
}

json::object list_tags_for_resource(const Stores& stores, const json::object& input, Call&) {
  const RepositoryName name = resource_in(input);
  const auto repository = stores.registry.find(name);
  if (!repository) throw_no_repository(name);
  json::array tags;
  if (const json::object* all = find_object(repository->settings, "tags")) {
    for (const auto& [key, value] : *all) tags.push_back({{"Key", key}, {"Value", value}});
  }
  return {{"tags", std::move(tags)}};
}

}  // namespace clary::api::ecr
