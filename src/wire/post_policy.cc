#include "wire/post_policy.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/json.h"
#include "base/text.h"
#include "wire/timestamps.h"

namespace clary::wire {
namespace {

using Condition = PostPolicy::Condition;
using Parsed = std::expected<void, std::string>;

// Fields that no condition has to cover.
constexpr std::array<std::string_view, 5> kUncovered{"awsaccesskeyid", "signature",
                                                     "x-amz-signature", "file", "policy"};

std::optional<std::uint64_t> byte_count(const json::value& value) {
  if (value.is_int64() && value.get_int64() >= 0) {
    return static_cast<std::uint64_t>(value.get_int64());
  }
  if (value.is_uint64()) return value.get_uint64();
  if (!value.is_string()) return std::nullopt;
  const std::string_view text = value.get_string();
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return count;
}

// {"field": "value"}
Parsed add_simple(PostPolicy& policy, const json::object& simple) {
  if (simple.size() != 1) {
    return std::unexpected(
        "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.");
  }
  const auto& [name, value] = *simple.begin();
  if (!value.is_string()) {
    return std::unexpected("Invalid Simple-Condition: value must be a string.");
  }
  const std::string field = to_lower(name);
  const std::string text(value.get_string());
  policy.conditions.push_back(
      {.kind = Condition::Kind::kEqual,
       .field = field,
       .value = text,
       .text = json::serialize(json::array{"eq", "$" + std::string(name), text})});
  return {};
}

Parsed add_range(PostPolicy& policy, const json::array& range) {
  const auto least = range.size() == 3 ? byte_count(range[1]) : std::nullopt;
  const auto most = range.size() == 3 ? byte_count(range[2]) : std::nullopt;
  if (!least || !most) {
    return std::unexpected(
        "Invalid content-length-range: it takes a least and a greatest number of bytes.");
  }
  // Several ranges: all of them hold.
  auto& known = policy.content_length;
  known = known ? PostPolicy::Range{std::max(known->least, *least), std::min(known->most, *most)}
                : PostPolicy::Range{*least, *most};
  return {};
}

// ["eq", "$field", "value"], ["starts-with", "$field", "value"], ["content-length-range", 0, 9]
Parsed add_listed(PostPolicy& policy, const json::array& condition) {
  if (condition.empty() || !condition[0].is_string()) {
    return std::unexpected("Invalid Condition: it must begin with an operation.");
  }
  const std::string operation = to_lower(condition[0].get_string());
  if (operation == "content-length-range") return add_range(policy, condition);
  if (operation != "eq" && operation != "starts-with") {
    return std::unexpected("Invalid Condition: unknown operation '" + operation + "'.");
  }
  if (condition.size() != 3 || !condition[1].is_string() || !condition[2].is_string()) {
    return std::unexpected("Invalid Condition: '" + operation + "' takes a field and a value.");
  }
  const std::string_view field = condition[1].get_string();
  if (!field.starts_with('$')) {
    return std::unexpected("Invalid Condition: the field's name must begin with '$'.");
  }
  policy.conditions.push_back(
      {.kind = operation == "eq" ? Condition::Kind::kEqual : Condition::Kind::kStartsWith,
       .field = to_lower(field.substr(1)),
       .value = std::string(condition[2].get_string()),
       .text = json::serialize(condition)});
  return {};
}

bool starts_with_each(std::string_view values, std::string_view wanted) {
  while (true) {
    const auto comma = values.find(',');
    if (!trim(values.substr(0, comma)).starts_with(wanted)) return false;
    if (comma == std::string_view::npos) return true;
    values.remove_prefix(comma + 1);
  }
}

bool holds(const Condition& condition, std::string_view value) {
  if (condition.kind == Condition::Kind::kEqual) return value == condition.value;
  if (value.starts_with(condition.value) && value.find(',') == std::string_view::npos) return true;
  // A Content-Type with commas is a list, each entry of which must do.
  if (condition.field == "content-type") return starts_with_each(value, condition.value);
  return value.starts_with(condition.value);
}

}  // namespace

std::expected<PostPolicy, std::string> parse_post_policy(std::string_view text) {
  // Browsers' forms and templates break the text into lines.
  std::string joined;
  std::ranges::copy_if(text, std::back_inserter(joined),
                       [](char c) { return c != '\r' && c != '\n' && c != ' ' && c != '\t'; });
  const auto document = unbase64(joined);
  if (!document) return std::unexpected("it is not encoded in Base64.");
  boost::system::error_code error;
  const json::value parsed = json::parse(*document, error);
  if (error || !parsed.is_object()) return std::unexpected("Invalid JSON.");
  const json::object& object = parsed.get_object();
  const json::value* expiration = object.if_contains("expiration");
  if (expiration == nullptr) return std::unexpected("Policy missing expiration.");
  if (!expiration->is_string()) return std::unexpected("Invalid 'expiration' value.");
  const std::string_view time = expiration->get_string();
  const auto seconds = parse_timestamp(time);
  if (!seconds || !timestamp_in_range(*seconds) || time.find('T') == std::string_view::npos ||
      !time.ends_with('Z')) {
    return std::unexpected("Invalid 'expiration' value: '" + std::string(time) + "'");
  }
  PostPolicy policy;
  policy.expiration = from_epoch_seconds(*seconds);
  const json::value* conditions = object.if_contains("conditions");
  if (conditions == nullptr || !conditions->is_array()) {
    return std::unexpected("Policy missing conditions.");
  }
  for (const json::value& condition : conditions->get_array()) {
    Parsed added = std::unexpected("Invalid Condition: it must be a list or an object.");
    if (condition.is_object()) added = add_simple(policy, condition.get_object());
    if (condition.is_array()) added = add_listed(policy, condition.get_array());
    if (!added) return std::unexpected(added.error());
  }
  return policy;
}

std::optional<std::string> violation(const PostPolicy& policy, const std::vector<FormField>& fields,
                                     Timestamp now) {
  if (policy.expiration <= now) return "Policy expired.";
  for (const Condition& condition : policy.conditions) {
    const auto field = std::ranges::find_if(fields, [&](const FormField& candidate) {
      return equals_ignore_case(candidate.name, condition.field);
    });
    if (field == fields.end() || !holds(condition, field->value)) {
      return "Policy Condition failed: " + condition.text;
    }
  }
  for (const FormField& field : fields) {
    const std::string name = to_lower(field.name);
    if (std::ranges::find(kUncovered, name) != kUncovered.end() || name.starts_with("x-ignore-")) {
      continue;
    }
    const bool covered = std::ranges::any_of(
        policy.conditions, [&](const Condition& condition) { return condition.field == name; });
    if (!covered) return "Extra input fields: " + field.name;
  }
  return std::nullopt;
}

}  // namespace clary::wire
