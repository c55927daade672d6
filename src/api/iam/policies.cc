#include <algorithm>
#include <charconv>

#include "api/iam/operations.h"

namespace clary::api::iam {
namespace {

using identity::ManagedPolicy;
using identity::PolicyVersion;

[[noreturn]] void throw_no_policy(std::string_view arn) {
  throw wire::ApiError("NoSuchEntity", "Policy " + std::string(arn) + " was not found.");
}

[[noreturn]] void throw_no_version(std::string_view arn, std::string_view version) {
  throw wire::ApiError("NoSuchEntity", "Policy " + std::string(arn) + " version " +
                                           std::string(version) +
                                           " does not exist or is not attachable.");
}

ManagedPolicy policy_or_throw(const IamStores& stores, const json::object& input,
                              const Call& call) {
  const std::string arn = required(input, "PolicyArn");
  auto policy = stores.policies.find(arn);
  if (!policy || (policy->account != "aws" && policy->account != call.account)) {
    throw_no_policy(arn);
  }
  return *std::move(policy);
}

ManagedPolicy own_policy_or_throw(const IamStores& stores, const json::object& input,
                                  const Call& call) {
  ManagedPolicy policy = policy_or_throw(stores, input, call);
  if (policy.account == "aws") {
    throw wire::ApiError("AccessDenied", "AWS managed policies cannot be changed: " + policy.arn,
                         403);
  }
  return policy;
}

void update_own(const IamStores& stores, const json::object& input, const Call& call,
                const std::function<void(ManagedPolicy&)>& change) {
  const ManagedPolicy policy = own_policy_or_throw(stores, input, call);
  if (!stores.policies.update(policy.arn, change)) throw_no_policy(policy.arn);
}

std::size_t attachments(const IamStores& stores, const std::string& arn) {
  return stores.roles.attachments(arn) + stores.users.attachments(arn) +
         stores.groups.attachments(arn);
}

std::size_t boundaries(const IamStores& stores, const std::string& arn) {
  return stores.roles.boundaries(arn) + stores.users.boundaries(arn);
}

}  // namespace

json::object shown(const IamStores& stores, const ManagedPolicy& policy) {
  json::object object{{"PolicyName", policy.name},
                      {"PolicyId", policy.id},
                      {"Arn", policy.arn},
                      {"Path", policy.path},
                      {"DefaultVersionId", policy.default_version},
                      {"AttachmentCount", attachments(stores, policy.arn)},
                      {"PermissionsBoundaryUsageCount", boundaries(stores, policy.arn)},
                      {"IsAttachable", true},
                      {"CreateDate", epoch_seconds(policy.created)},
                      {"UpdateDate", epoch_seconds(policy.updated)}};
  if (!policy.description.empty()) object["Description"] = policy.description;
  if (!policy.tags.empty()) object["Tags"] = tags_out(policy.tags);
  return object;
}

namespace {

enum class Document { kShown, kLeftOut };

json::object version_shown(const ManagedPolicy& policy, const PolicyVersion& version,
                           Document document) {
  json::object object{{"VersionId", version.id},
                      {"IsDefaultVersion", version.id == policy.default_version},
                      {"CreateDate", epoch_seconds(version.created)}};
  if (document == Document::kShown) object["Document"] = encoded_document(version.document);
  return object;
}

int number_of(const PolicyVersion& version) {
  int number = 0;
  std::from_chars(version.id.data() + 1, version.id.data() + version.id.size(), number);
  return number;
}

void check_size(std::string_view document) {
  // AWS's quota for a managed policy, in characters without white space.
  constexpr std::size_t kMax = 6144;
  if (counted_characters(document) > kMax) throw_over_quota("PolicySize", kMax);
}

}  // namespace

json::object create_policy(const IamStores& stores, const json::object& input, Call& call) {
  ManagedPolicy policy;
  policy.account = call.account;
  policy.name = required(input, "PolicyName");
  policy.path = string_or(input, "Path", "/");
  policy.description = string_or(input, "Description");
  policy.tags = tags_in(input);
  const std::string document = required(input, "PolicyDocument");
  check_policy(document, identity::PolicyKind::kIdentity);
  check_size(document);
  check_tag_count("Policy", policy.tags);
  policy.versions = {{.id = "v1", .document = document, .created = call.now}};
  if (!stores.policies.create(policy)) {
    throw wire::ApiError("EntityAlreadyExists", "A policy called " + policy.name +
                                                    " already exists. Duplicate names are not "
                                                    "allowed.");
  }
  return {{"Policy", shown(stores, policy)}};
}

json::object get_policy(const IamStores& stores, const json::object& input, Call& call) {
  return {{"Policy", shown(stores, policy_or_throw(stores, input, call))}};
}

json::object delete_policy(const IamStores& stores, const json::object& input, Call& call) {
  const ManagedPolicy policy = own_policy_or_throw(stores, input, call);
  if (attachments(stores, policy.arn) + boundaries(stores, policy.arn) > 0) {
    throw wire::ApiError("DeleteConflict", "Cannot delete a policy attached to entities.");
  }
  if (policy.versions.size() > 1) {
    throw wire::ApiError("DeleteConflict",
                         "This policy has more than one version. Before you delete a policy, you "
                         "must delete the policy's versions. The default version is deleted with "
                         "the policy.");
  }
  stores.policies.remove(policy.arn);
  return {};
}

json::object list_policies(const IamStores& stores, const json::object& input, Call& call) {
  const std::string scope = string_or(input, "Scope", "All");
  const std::string prefix = string_or(input, "PathPrefix", "/");
  const bool only_attached = find_bool(input, "OnlyAttached").value_or(false);
  const std::string usage = string_or(input, "PolicyUsageFilter");
  std::map<std::string, ManagedPolicy> found;
  const auto add = [&](const ManagedPolicy& policy) {
    if (!policy.path.starts_with(prefix)) return;
    const auto uses = usage == "PermissionsBoundary" ? boundaries : attachments;
    if ((only_attached || !usage.empty()) && uses(stores, policy.arn) == 0) return;
    found.emplace(policy.arn, policy);
  };
  if (scope != "AWS") std::ranges::for_each(stores.policies.list(call.account), add);
  if (scope != "Local") std::ranges::for_each(identity::aws_managed_policies(), add);
  std::vector<std::string> arns;
  for (const auto& entry : found) arns.push_back(entry.first);
  json::object output;
  page_of_names(output, "Policies", arns, paging_in(input), [&](const std::string& arn) {
    json::object object = shown(stores, found.at(arn));
    object.erase("Description");  // GetPolicy alone answers these two
    object.erase("Tags");
    return object;
  });
  return output;
}

json::object create_policy_version(const IamStores& stores, const json::object& input, Call& call) {
  const std::string document = required(input, "PolicyDocument");
  check_policy(document, identity::PolicyKind::kIdentity);
  check_size(document);
  json::object output;
  update_own(stores, input, call, [&](ManagedPolicy& policy) {
    if (policy.versions.size() >= 5) {
      throw wire::ApiError("LimitExceeded",
                           "A managed policy can have up to 5 versions. Before you create a new "
                           "version, you must delete an existing version.");
    }
    const int number = number_of(policy.versions.back()) + 1;
    policy.versions.push_back(
        {.id = "v" + std::to_string(number), .document = document, .created = call.now});
    if (find_bool(input, "SetAsDefault").value_or(false)) {
      policy.default_version = policy.versions.back().id;
    }
    output["PolicyVersion"] = version_shown(policy, policy.versions.back(), Document::kLeftOut);
  });
  return output;
}

json::object get_policy_version(const IamStores& stores, const json::object& input, Call& call) {
  const ManagedPolicy policy = policy_or_throw(stores, input, call);
  const std::string id = required(input, "VersionId");
  const PolicyVersion* const version = policy.version(id);
  if (version == nullptr) throw_no_version(policy.arn, id);
  return {{"PolicyVersion", version_shown(policy, *version, Document::kShown)}};
}

json::object delete_policy_version(const IamStores& stores, const json::object& input, Call& call) {
  const std::string id = required(input, "VersionId");
  update_own(stores, input, call, [&](ManagedPolicy& policy) {
    if (id == policy.default_version) {
      throw wire::ApiError("DeleteConflict", "Cannot delete the default version of a policy.");
    }
    if (std::erase_if(policy.versions, [&](const PolicyVersion& v) { return v.id == id; }) == 0) {
      throw_no_version(policy.arn, id);
    }
  });
  return {};
}

json::object list_policy_versions(const IamStores& stores, const json::object& input, Call& call) {
  const ManagedPolicy policy = policy_or_throw(stores, input, call);
  json::array versions;
  for (auto version = policy.versions.rbegin(); version != policy.versions.rend(); ++version) {
    versions.push_back(version_shown(policy, *version, Document::kLeftOut));
  }
  return {{"Versions", std::move(versions)}, {"IsTruncated", false}};
}

json::object set_default_policy_version(const IamStores& stores, const json::object& input,
                                        Call& call) {
  const std::string id = required(input, "VersionId");
  update_own(stores, input, call, [&](ManagedPolicy& policy) {
    if (policy.version(id) == nullptr) throw_no_version(policy.arn, id);
    policy.default_version = id;
  });
  return {};
}

json::object tag_policy(const IamStores& stores, const json::object& input, Call& call) {
  update_own(stores, input, call, [&](ManagedPolicy& policy) {
    for (const auto& [key, value] : tags_in(input)) policy.tags[key] = value;
    check_tag_count("Policy", policy.tags);
  });
  return {};
}

json::object untag_policy(const IamStores& stores, const json::object& input, Call& call) {
  update_own(stores, input, call, [&](ManagedPolicy& policy) {
    for (const json::value& key : *find_array(input, "TagKeys")) {
      policy.tags.erase(std::string(key.as_string()));
    }
  });
  return {};
}

json::object list_policy_tags(const IamStores& stores, const json::object& input, Call& call) {
  json::object output;
  page_of_tags(output, input, policy_or_throw(stores, input, call).tags);
  return output;
}

}  // namespace clary::api::iam
