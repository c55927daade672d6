// Model cards: every change of a card's content is a version that stays readable.
#include "api/sagemaker/memory_list.h"
#include "api/sagemaker/model_registry.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::string_view kVersions = "versions";

void check_content(const json::object& input) {
  const auto content = find_string(input, "Content");
  if (!content) return;
  boost::system::error_code error;
  const json::value parsed = json::parse(*content, error);
  if (error || !parsed.is_object()) {
    fail_validation("The content of a model card must be a JSON object.");
  }
}

// The versions, oldest first, kept inside the card's row so that they change with it.
json::array& versions_of(store::Document& card) {
  json::value& versions = card.internal[kVersions];
  if (!versions.is_array()) versions = json::array();
  return versions.get_array();
}

json::object version_entry(const store::Document& card, const Call& call) {
  json::object entry;
  for (auto member : {"ModelCardVersion", "ModelCardStatus", "Content"}) {
    if (const json::value* value = card.body.if_contains(member)) entry[member] = *value;
  }
  entry["CreationTime"] = epoch_seconds(call.now);
  entry["LastModifiedTime"] = epoch_seconds(call.now);
  return entry;
}

}  // namespace

json::object ModelRegistry::create_card(const json::object& input, Call& call) {
  check_content(input);
  return resources_.create(kind_named("model-card"), input, call, [&](store::Document& card) {
    card.body["ModelCardVersion"] = 1;
    versions_of(card).emplace_back(version_entry(card, call));
  });
}

json::object ModelRegistry::describe_card(const json::object& input, Call& call) {
  const Kind& kind = kind_named("model-card");
  store::Document card = resources_.require_named(kind, input, call);
  const auto wanted = find_int(input, "ModelCardVersion");
  json::object output = shown(card, *call.operation.output);
  if (!wanted) return output;
  for (const json::value& version : versions_of(card)) {
    if (find_int(version.as_object(), "ModelCardVersion") != wanted) continue;
    for (const auto& [member, value] : version.as_object()) output[member] = value;
    return output;
  }
  throw wire::ApiError("ResourceNotFound", "Model card " + card.arn + " has no version " +
                                               std::to_string(*wanted) + ".");
}

json::object ModelRegistry::update_card(const json::object& input, Call& call) {
  check_content(input);
  if (input.contains("Content") && input.contains("ModelCardStatus")) {
    fail_validation("Model card content and status cannot be updated in one call.");
  }
  return resources_.update(kind_named("model-card"), input, call, [&](store::Document& card) {
    json::array& versions = versions_of(card);
    if (input.contains("Content")) {
      card.body["ModelCardVersion"] = find_int(card.body, "ModelCardVersion").value_or(1) + 1;
      versions.emplace_back(version_entry(card, call));
    } else if (!versions.empty()) {
      json::object& last = versions.back().as_object();
      last["ModelCardStatus"] = card.body.at("ModelCardStatus");
      last["LastModifiedTime"] = epoch_seconds(call.now);
    }
  });
}

json::object ModelRegistry::list_card_versions(const json::object& input, Call& call) {
  store::Document card = resources_.require_named(kind_named("model-card"), input, call);
  const wire::Member& member = page_member(call.operation);
  const store::DocumentQuery query = query_of(kind_named("model-card"), input, call);
  json::array chosen;
  for (json::value& version : versions_of(card)) {
    json::object& entry = version.as_object();
    const Timestamp created = from_epoch_seconds(find_double(entry, "CreationTime").value_or(0));
    if (query.created_after && created < *query.created_after) continue;
    if (query.created_before && created > *query.created_before) continue;
    const auto status = find_string(input, "ModelCardStatus");
    if (status && string_or(entry, "ModelCardStatus") != *status) continue;
    entry.erase("Content");
    entry["ModelCardName"] = card.key.name;
    entry["ModelCardArn"] = card.arn;
    chosen.push_back(entry);
  }
  if (query.descending) std::ranges::reverse(chosen);
  const std::size_t begin = std::min(offset_of(input), chosen.size());
  const std::size_t end = std::min(begin + query.limit, chosen.size());
  json::object output;
  output[member.name] = json::array(chosen.begin() + begin, chosen.begin() + end);
  if (end < chosen.size()) output["NextToken"] = token_at(end);
  return output;
}

}  // namespace clary::api::sagemaker
