// The pure half of the generic engine: between requests, documents and answers.

#include "api/sagemaker/resources.h"
#include "base/arn.h"
#include "base/text.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::size_t kArenaBytes = 16 * 1024;

std::string with_values(std::string_view text, std::string_view name, std::string_view arn) {
  std::string result(text);
  for (auto [mark, value] : {std::pair{std::string_view("{name}"), name}, {"{arn}", arn}}) {
    for (std::size_t at = result.find(mark); at != std::string::npos;
         at = result.find(mark, at + value.size())) {
      result.replace(at, mark.size(), value);
    }
  }
  return result;
}

void put_times(json::object& object, const store::Document& document, const wire::Shape& shape) {
  if (shape.find_member("CreationTime") != nullptr) {
    object["CreationTime"] = epoch_seconds(document.created);
  }
  if (shape.find_member("LastModifiedTime") != nullptr) {
    object["LastModifiedTime"] = epoch_seconds(document.modified);
  }
}

store::DocumentQuery::Sort sort_of(const Kind& kind, const json::object& input) {
  using Sort = store::DocumentQuery::Sort;
  std::string by;
  for (char c : to_lower(string_or(input, "SortBy"))) {
    if (c != '_') by += c;
  }
  if (by.empty()) {
    return kind.list.sort == ListDefaults::Sort::kName ? Sort::kName : Sort::kCreated;
  }
  if (by.ends_with("modifiedtime")) return Sort::kModified;
  if (by.ends_with("status")) return Sort::kStatus;
  return by.ends_with("name") ? Sort::kName : Sort::kCreated;
}

std::optional<Timestamp> time_in(const json::object& input,
                                 std::initializer_list<std::string_view> members) {
  for (std::string_view member : members) {
    if (auto seconds = find_double(input, member)) return from_epoch_seconds(*seconds);
  }
  return std::nullopt;
}

// XxxToRemove: keys of a map, or entries of a list of strings.
void take_away(json::object& body, std::string_view member, const json::value& names) {
  json::value* target = body.if_contains(member);
  if (target == nullptr || !names.is_array()) return;
  for (const json::value& name : names.get_array()) {
    if (!name.is_string()) continue;
    if (target->is_object()) target->get_object().erase(name.get_string());
  }
}

}  // namespace

void fail(const ErrorForm& form, std::string_view name, std::string_view arn) {
  throw wire::ApiError(std::string(form.code), with_values(form.text, name, arn));
}

void fail_validation(const std::string& message) {
  throw wire::ApiError("ValidationException", message);
}

std::string arn_of(const Kind& kind, std::string_view name, std::string_view account,
                   std::string_view region) {
  const std::string tail =
      kind.arn_name == Kind::ArnName::kLower ? to_lower(name) : std::string(name);
  return make_arn({.service = "sagemaker",
                   .region = std::string(region),
                   .account = std::string(account),
                   .resource = std::string(kind.kind) + "/" + tail})
      .str();
}

const json::value* at_path(const json::object& object, std::string_view path) {
  const json::object* level = &object;
  for (;;) {
    const std::size_t dot = path.find('.');
    const json::value* value = level->if_contains(path.substr(0, dot));
    if (value == nullptr || dot == std::string_view::npos) return value;
    if (!value->is_object()) return nullptr;
    level = &value->get_object();
    path.remove_prefix(dot + 1);
  }
}

std::map<std::string, std::string> tags_of(const json::object& input) {
  std::map<std::string, std::string> tags;
  const json::array* list = find_array(input, "Tags");
  if (list == nullptr) return tags;
  for (const json::value& entry : *list) {
    const json::object& tag = entry.as_object();
    const bool fresh = tags.emplace(string_or(tag, "Key"), string_or(tag, "Value")).second;
    if (!fresh) {
      fail_validation("Tag keys must be unique: " + string_or(tag, "Key") + " is given twice.");
    }
  }
  return tags;
}

json::object user_context(const identity::Principal& principal) {
  return {{"IamIdentity", {{"Arn", principal.arn}, {"PrincipalId", principal.user_id}}}};
}

// Answers are built once, read once and thrown away whole: one arena instead of a thousand small
// allocations, which was most of Describe's time.
json::storage_ptr arena() {
  return json::make_shared_resource<json::monotonic_resource>(kArenaBytes);
}

json::object shown(const store::Document& document, const wire::Shape& shape) {
  json::object output(arena());
  output.reserve(document.body.size() + 2);
  for (const auto& [member, value] : document.body) {
    if (shape.find_member(member) != nullptr) output.emplace(member, value);
  }
  put_times(output, document, shape);
  return output;
}

json::object summary_of(const Kind& kind, const store::Document& document,
                        const wire::Shape& summary, json::storage_ptr storage) {
  json::object output(std::move(storage));
  output.reserve(summary.members.size());
  for (const wire::Member& member : summary.members) {
    std::string_view path = member.name;
    for (const SummaryMember& renamed : kind.summary) {
      if (renamed.summary == member.name) path = renamed.body_path;
    }
    if (const json::value* value = at_path(document.body, path)) output[member.name] = *value;
  }
  put_times(output, document, summary);
  return output;
}

store::DocumentQuery query_of(const Kind& kind, const json::object& input, const Call& call) {
  store::DocumentQuery query;
  query.kind = kind.kind;
  query.account = call.account;
  query.region = call.region;
  query.sort = sort_of(kind, input);
  const std::string order = to_lower(string_or(input, "SortOrder"));
  query.descending = order.empty() ? kind.list.descending : order == "descending";
  query.limit =
      static_cast<std::size_t>(find_int(input, "MaxResults").value_or(kind.list.page_size));
  query.after = string_or(input, "NextToken");
  if (auto part = find_string(input, "NameContains")) query.name_contains = std::string(*part);
  if (auto status = find_string(input, "StatusEquals")) query.statuses = {std::string(*status)};
  query.created_after = time_in(input, {"CreationTimeAfter", "CreatedAfter"});
  query.created_before = time_in(input, {"CreationTimeBefore", "CreatedBefore"});
  query.modified_after = time_in(input, {"LastModifiedTimeAfter", "ModifiedTimeAfter"});
  query.modified_before = time_in(input, {"LastModifiedTimeBefore", "ModifiedTimeBefore"});
  for (const EqualsFilter& filter : kind.filters) {
    if (auto value = find_string(input, filter.input_member)) {
      query.body_equals.emplace_back(filter.body_path, *value);
    }
  }
  return query;
}

const wire::Member& page_member(const wire::Operation& list) {
  for (const wire::Member& member : list.output->members) {
    if (member.shape->kind == wire::ShapeKind::kList) return member;
  }
  throw std::out_of_range(list.name + " answers no list");
}

void apply_update(const Kind& kind, const json::object& input, json::object& body) {
  for (const auto& [key, value] : input) {
    const std::string_view member = key;
    if (member == kind.name_member || member == kind.arn_member) {
      // ModelPackageArn names the package; an artifact's ArtifactName is a member like any other.
      continue;
    }
    if (member == "ClientRequestToken" || member == "ClientToken") continue;
    if (member.ends_with("ToRemove")) {
      take_away(body, member.substr(0, member.size() - 8), value);
      continue;
    }
    if (member.ends_with("ToAdd") && value.is_array()) {
      json::value& target = body[member.substr(0, member.size() - 5)];
      if (!target.is_array()) target = json::array();
      for (const json::value& entry : value.get_array()) target.get_array().push_back(entry);
      continue;
    }
    const bool merges = std::ranges::find(kind.merged_maps, member) != kind.merged_maps.end();
    json::value* target = merges ? body.if_contains(member) : nullptr;
    if (target != nullptr && target->is_object() && value.is_object()) {
      for (const auto& [name, entry] : value.get_object()) target->get_object()[name] = entry;
    } else {
      body[member] = value;
    }
  }
}

}  // namespace clary::api::sagemaker
