#include "api/sagemaker/tagging.h"

#include "api/sagemaker/resources.h"
#include "base/text.h"

namespace clary::api::sagemaker {
namespace {
constexpr std::size_t kMostTags = 50;  // SageMaker's limit for one resource
constexpr std::int64_t kPageSize = 50;
}  // namespace

json::array tag_list(const std::map<std::string, std::string>& tags) {
  json::array list;
  for (const auto& [key, value] : tags) list.push_back({{"Key", key}, {"Value", value}});
  return list;
}

std::string Tagging::require_arn(const json::object& input, const Call& call) {
  const std::string arn = string_or(input, "ResourceArn");
  std::optional<store::Document> found = documents_.find_by_arn(arn);
  // Clients send names as they know them; the oldest kinds' ARNs are in lower case.
  if (!found) found = documents_.find_by_arn(to_lower(arn));
  if (!found || found->key.account != call.account) {
    throw wire::ApiError("ResourceNotFound", "Could not find a resource with ARN " + arn + ".");
  }
  return found->arn;
}

json::object Tagging::add_tags(const json::object& input, Call& call) {
  const std::string arn = require_arn(input, call);
  const std::map<std::string, std::string> added = tags_of(input);
  std::map<std::string, std::string> tags = documents_.tags(arn);
  for (const auto& [key, value] : added) tags[key] = value;
  if (tags.size() > kMostTags) {
    throw wire::ApiError("ResourceLimitExceeded",
                         "A resource can have at most 50 tags; this request would make " +
                             std::to_string(tags.size()) + ".");
  }
  documents_.set_tags(arn, added);
  return {{"Tags", tag_list(tags)}};
}

json::object Tagging::list_tags(const json::object& input, Call& call) {
  const std::map<std::string, std::string> tags = documents_.tags(require_arn(input, call));
  const std::string after = string_or(input, "NextToken");
  const auto limit = static_cast<std::size_t>(find_int(input, "MaxResults").value_or(kPageSize));
  std::map<std::string, std::string> page;
  auto next = after.empty() ? tags.begin() : tags.upper_bound(after);
  for (; next != tags.end() && page.size() < limit; ++next) page.insert(*next);
  json::object output = {{"Tags", tag_list(page)}};
  if (next != tags.end()) output["NextToken"] = page.rbegin()->first;
  return output;
}

json::object Tagging::delete_tags(const json::object& input, Call& call) {
  std::vector<std::string> keys;
  for (const json::value& key : input.at("TagKeys").as_array()) keys.emplace_back(key.as_string());
  documents_.remove_tags(require_arn(input, call), keys);
  return {};
}

}  // namespace clary::api::sagemaker
