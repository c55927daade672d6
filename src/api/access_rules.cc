#include "api/access_rules.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace clary::api {
namespace {

using Piece = ResourceTemplate::Piece;

std::string_view until(std::string_view& text, char end) {
  const auto at = text.find(end);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

// What stands between "${" and "}".
void parse_place(std::string_view inside, Piece& piece) {
  if (inside == "Region") {
    piece.place = Piece::Place::kRegion;
  } else if (inside == "Account") {
    piece.place = Piece::Place::kAccount;
  } else {
    piece.place = Piece::Place::kMember;
    std::string_view names = until(inside, '=');
    if (!inside.empty()) piece.fallback = inside;
    while (!names.empty()) {
      std::string_view name = until(names, '|');
      const bool list = name.ends_with("[]");
      if (list) name.remove_suffix(2);
      piece.members.push_back({.name = std::string(name), .list = list});
    }
  }
}

ResourceTemplate parse_template(std::string_view text) {
  ResourceTemplate result;
  if (text.starts_with('?')) {
    result.optional = true;
    text.remove_prefix(1);
  }
  if (text.starts_with('@')) {
    result.arn_member = text.substr(1);
    return result;
  }
  while (!text.empty()) {
    Piece piece;
    const auto open = text.find("${");
    piece.text = text.substr(0, open);
    text.remove_prefix(std::min(open, text.size()));
    if (!text.empty()) {
      text.remove_prefix(2);
      parse_place(until(text, '}'), piece);
    }
    result.pieces.push_back(std::move(piece));
  }
  return result;
}

bool flag(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->as_bool();
}

OperationRule parse_rule(const json::object& object) {
  OperationRule rule;
  rule.action = string_or(object, "action");
  rule.free = flag(object, "free");
  rule.unlisted = flag(object, "unlisted");
  rule.pass_role = flag(object, "pass_role");
  rule.tags = string_or(object, "tags");
  rule.tag_keys = string_or(object, "tag_keys");
  rule.add_tags = string_or(object, "add_tags");
  if (const json::array* const resources = find_array(object, "resources")) {
    for (const json::value& text : *resources) {
      rule.resources.push_back(parse_template(text.as_string()));
    }
  }
  if (const json::object* const keys = find_object(object, "keys")) {
    for (const auto& [key, paths] : *keys) {
      auto& list = rule.keys[std::string(key)];
      for (const json::value& path : paths.as_array()) list.emplace_back(path.as_string());
    }
  }
  return rule;
}

// Values of the first member that is there: one, or those of a list.
std::vector<std::string> values_of(const Piece& piece, const json::object& input) {
  for (const auto& member : piece.members) {
    const json::value* const value = input.if_contains(member.name);
    if (value == nullptr) continue;
    if (value->is_string() && !value->as_string().empty()) {
      return {std::string(value->as_string())};
    }
    if (!value->is_array()) continue;
    std::vector<std::string> values;
    for (const json::value& element : value->as_array()) {
      if (element.is_string()) values.emplace_back(element.as_string());
    }
    if (!values.empty()) return values;
  }
  return {};
}

// Every member that ends `path` ("KmsKeyId", "OutputDataConfig.KmsKeyId", "/Name" at the top).
class PathSearch {
 public:
  PathSearch(std::string_view path, std::vector<std::string>& found) : found_(found) {
    top_ = path.starts_with('/');
    if (top_) path.remove_prefix(1);
    const auto dot = path.find('.');
    parent_ = dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
    name_ = dot == std::string_view::npos ? path : path.substr(dot + 1);
  }
  void run(const json::value& value, std::string_view parent = {}) {
    if (const json::array* const array = value.if_array()) {
      for (const json::value& element : *array) run(element, parent);
    } else if (const json::object* const object = value.if_object()) {
      run(*object, parent);
    }
  }
  void run(const json::object& object, std::string_view parent = {}) {
    for (const auto& [name, value] : object) {
      if (name == name_ && (parent_.empty() || parent == parent_)) take(value);
      if (!top_) run(value, name);
    }
  }

 private:
  void take(const json::value& value) {
    if (value.is_array()) {
      for (const json::value& element : value.as_array()) take(element);
    } else if (value.is_string()) {
      found_.emplace_back(value.as_string());
    } else if (value.is_object()) {
      found_.emplace_back("true");  // keys that only ask whether it is there
    } else if (!value.is_null()) {
      found_.push_back(json::serialize(value));
    }
  }

  bool top_ = false;
  std::string_view parent_, name_;
  std::vector<std::string>& found_;
};

bool names_role(std::string_view member) {
  return member.ends_with("RoleArn") || member.ends_with("RoleARN") || member == "ClusterRole" ||
         member == "ExecutionRole" || member == "roleArn";
}

void find_roles(const json::value& value, std::vector<std::string>& roles) {
  if (const json::array* const array = value.if_array()) {
    for (const json::value& element : *array) find_roles(element, roles);
  } else if (const json::object* const object = value.if_object()) {
    for (const auto& [name, member] : *object) {
      if (member.is_string() && names_role(name)) {
        std::string arn(member.as_string());
        if (!arn.empty() && std::ranges::find(roles, arn) == roles.end()) {
          roles.push_back(std::move(arn));
        }
      } else {
        find_roles(member, roles);
      }
    }
  }
}

// [{"Key": ..., "Value": ...}] or {"key": "value"}.
void add_request_tags(const json::value& tags, identity::Context& context) {
  const auto add = [&](std::string_view key, std::string_view value) {
    context["aws:requesttag/" + to_lower(key)] = {std::string(value)};
    context["aws:tagkeys"].emplace_back(key);
  };
  if (tags.is_object()) {
    for (const auto& [key, value] : tags.as_object()) {
      if (value.is_string()) add(key, value.as_string());
    }
  } else if (tags.is_array()) {
    for (const json::value& tag : tags.as_array()) {
      if (tag.is_object()) {
        add(string_or(tag.as_object(), "Key"), string_or(tag.as_object(), "Value"));
      }
    }
  }
}

}  // namespace

AccessRules::AccessRules() {
  const json::value document = json::parse(embedded_access_rules());
  for (const auto& [service, operations] : document.as_object()) {
    for (const auto& [operation, rule] : operations.as_object()) {
      rules_.emplace(std::string(service) + "." + std::string(operation),
                     parse_rule(rule.as_object()));
    }
  }
}

const AccessRules& AccessRules::get() {
  static const AccessRules rules;
  return rules;
}

const OperationRule* AccessRules::find(std::string_view service, std::string_view operation) const {
  std::string key;
  key.reserve(service.size() + operation.size() + 1);
  key.append(service).append(".").append(operation);
  const auto found = rules_.find(key);
  return found == rules_.end() ? nullptr : &found->second;
}

std::vector<std::string> resources_of(const OperationRule& rule, const json::object& input,
                                      std::string_view region, std::string_view account) {
  std::vector<std::string> resources;
  for (const ResourceTemplate& one : rule.resources) {
    if (!one.arn_member.empty()) {
      const Piece member{
          .text = {}, .members = {{.name = one.arn_member}}, .place = Piece::Place::kMember};
      auto arns = values_of(member, input);
      if (arns.empty() && !one.optional) arns.emplace_back("*");
      std::ranges::move(arns, std::back_inserter(resources));
      continue;
    }
    std::vector<std::string> made = {""};
    bool complete = true;
    const auto append = [&](std::string_view text) {
      for (std::string& arn : made) arn += text;
    };
    for (const Piece& piece : one.pieces) {
      append(piece.text);
      if (piece.place == Piece::Place::kRegion) append(region);
      if (piece.place == Piece::Place::kAccount) append(account);
      if (piece.place != Piece::Place::kMember) continue;
      auto values = values_of(piece, input);
      if (values.empty()) {
        complete = false;
        append(piece.fallback);
        continue;
      }
      if (values.front().starts_with("arn:")) {  // names may be given as ARNs
        made = std::move(values);
        break;
      }
      std::vector<std::string> longer;
      for (const std::string& arn : made) {
        for (std::string_view value : values) {
          if (value.starts_with("https://")) value.remove_prefix(8);
          longer.push_back(arn + std::string(value));
        }
      }
      made = std::move(longer);
    }
    if (complete || !one.optional) std::ranges::move(made, std::back_inserter(resources));
  }
  if (resources.empty()) resources.emplace_back("*");
  return resources;
}

void add_input_keys(const OperationRule& rule, const json::object& input,
                    identity::Context& context) {
  for (const auto& [key, paths] : rule.keys) {
    std::vector<std::string> values;
    for (const std::string& path : paths) PathSearch(path, values).run(input);
    if (!values.empty()) context.insert_or_assign(key, std::move(values));
  }
  if (const json::value* const tags = rule.tags.empty() ? nullptr : input.if_contains(rule.tags)) {
    add_request_tags(*tags, context);
  }
  if (!rule.tag_keys.empty()) {
    if (const json::array* const keys = find_array(input, rule.tag_keys)) {
      for (const json::value& key : *keys) {
        if (key.is_string()) context["aws:tagkeys"].emplace_back(key.as_string());
      }
    }
  }
}

std::vector<std::string> roles_in(const json::object& input) {
  std::vector<std::string> roles;
  for (const auto& [name, value] : input) {
    if (value.is_string() && names_role(name)) {
      roles.emplace_back(value.as_string());
    } else {
      find_roles(value, roles);
    }
  }
  return roles;
}

std::string as_sagemaker_writes(std::string arn) {
  // Kinds whose ARNs carry names as they were given.
  constexpr std::array<std::string_view, 13> kAsGiven = {
      "model-package", "model-package-group", "model-card", "hub", "hub-content",
      "domain",        "user-profile",        "space",      "app", "image",
      "image-version", "partner-app",         "mlflow-app"};
  std::size_t at = 0;
  for (int colons = 0; colons < 5 && at != std::string::npos; ++colons) at = arn.find(':', at) + 1;
  if (at == 0 || at >= arn.size() || !arn.starts_with("arn:")) return arn;
  const std::string_view resource = std::string_view(arn).substr(at);
  const std::string_view type = resource.substr(0, resource.find('/'));
  if (std::ranges::find(kAsGiven, type) != kAsGiven.end()) return arn;
  return arn.substr(0, at) + to_lower(resource);
}

}  // namespace clary::api
