#include "wire/query_reader.h"

#include <charconv>
#include <deque>

#include "base/text.h"
#include "wire/api_error.h"
#include "wire/json_codec.h"
#include "wire/scalar_text.h"
#include "wire/utf8.h"

namespace clary::wire {
namespace {

constexpr std::size_t kMaxFields = 100'000;

ApiError malformed(const std::string& message) {
  return ApiError("MalformedInput", message, 400);
}

// The form as a tree: one level for each dot. Names are unique among siblings.
struct Node {
  std::vector<std::pair<std::string_view, Node*>> children;
  const std::string* value = nullptr;

  Node* find(std::string_view name) const {
    for (const auto& [key, child] : children) {
      if (key == name) return child;
    }
    return nullptr;
  }
};

class Form {
 public:
  explicit Form(std::string_view text) : fields_(parse_form(text)) {
    if (fields_.size() > kMaxFields) throw malformed("Too many parameters");
    // Sorted, fields that share a beginning are neighbours: each node is found at the end of its
    // parent's children, and building is linear.
    std::sort(fields_.begin(), fields_.end());
    nodes_.emplace_back();
    for (const auto& [name, value] : fields_) insert(name, value);
  }
  const Node& root() const { return nodes_.front(); }

 private:
  void insert(std::string_view name, const std::string& value) {
    Node* node = &nodes_.front();
    for (int depth = 0;; ++depth) {
      if (depth > 2 * kMaxDepth) throw malformed("Parameters are nested too deeply");
      const auto dot = name.find('.');
      node = child(*node, name.substr(0, dot));
      if (dot == std::string_view::npos) break;
      name.remove_prefix(dot + 1);
    }
    if (node->value == nullptr) node->value = &value;
  }

  Node* child(Node& parent, std::string_view name) {
    if (!parent.children.empty() && parent.children.back().first == name) {
      return parent.children.back().second;
    }
    // '-' and others sort before '.', so a name may come back after a longer sibling.
    if (Node* earlier = parent.children.size() < 64 ? parent.find(name) : nullptr) return earlier;
    nodes_.emplace_back();
    parent.children.emplace_back(name, &nodes_.back());
    return &nodes_.back();
  }

  FormFields fields_;
  std::deque<Node> nodes_;
};

// Numbered children in the order of their numbers, as lists and maps have them.
std::vector<const Node*> numbered(const Node& node) {
  std::vector<std::pair<unsigned, const Node*>> found;
  for (const auto& [name, child] : node.children) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && end == name.data() + name.size()) found.emplace_back(number, child);
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<const Node*> ordered;
  for (const auto& [unused, child] : found) ordered.push_back(child);
  return ordered;
}

std::string_view wire_name(const Member& member) {
  if (!member.query_name.empty()) return member.query_name;
  return member.location_name.empty() ? member.name : member.location_name;
}

std::optional<json::value> read(const Member& member, const Node& node, int depth);

json::object read_structure(const Shape& shape, const Node& node, int depth) {
  json::object object;
  for (const Member& member : shape.members) {
    const Node* child = node.find(wire_name(member));
    if (child == nullptr) continue;
    if (auto value = read(member, *child, depth)) object[member.name] = std::move(*value);
  }
  return object;
}

json::value read_list(const Member& member, const Node& node, int depth) {
  const Shape& shape = *member.shape;
  const bool flat = shape.flattened || member.flattened;
  const std::string_view element_name = shape.element.location_name.empty()
                                            ? "member"
                                            : std::string_view(shape.element.location_name);
  json::array list;
  const Node* elements = flat ? &node : node.find(element_name);
  if (elements == nullptr) return list;
  for (const Node* element : numbered(*elements)) {
    if (auto value = read(shape.element, *element, depth)) list.push_back(std::move(*value));
  }
  return list;
}

json::value read_map(const Member& member, const Node& node, int depth) {
  const Shape& shape = *member.shape;
  const bool flat = shape.flattened || member.flattened;
  json::object map;
  const Node* entries = flat ? &node : node.find("entry");
  if (entries == nullptr) return map;
  const std::string_view key_name =
      shape.key.location_name.empty() ? "key" : std::string_view(shape.key.location_name);
  const std::string_view value_name =
      shape.value.location_name.empty() ? "value" : std::string_view(shape.value.location_name);
  for (const Node* entry : numbered(*entries)) {
    const Node* key = entry->find(key_name);
    const Node* value = entry->find(value_name);
    if (key == nullptr || key->value == nullptr || value == nullptr) continue;
    if (auto item = read(shape.value, *value, depth)) map[*key->value] = std::move(*item);
  }
  return map;
}

std::optional<json::value> read(const Member& member, const Node& node, int depth) {
  if (depth > kMaxDepth) throw malformed("Parameters are nested too deeply");
  switch (member.shape->kind) {
    case ShapeKind::kStructure:
      return read_structure(*member.shape, node, depth + 1);
    case ShapeKind::kList:
      return read_list(member, node, depth + 1);
    case ShapeKind::kMap:
      return read_map(member, node, depth + 1);
    default:
      break;
  }
  if (node.value == nullptr) return std::nullopt;
  auto value = scalar_from_text(*member.shape, *node.value);
  if (!value) throw malformed("The value of " + member.name + " is malformed");
  return value;
}

}  // namespace

FormFields parse_form(std::string_view text) {
  FormFields fields;
  while (!text.empty()) {
    const auto end = text.find('&');
    const std::string_view field = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (field.empty()) continue;
    const auto equals = field.find('=');
    auto name = uri_decode(field.substr(0, equals), Plus::kSpace);
    auto value = equals == std::string_view::npos
                     ? std::string()
                     : uri_decode(field.substr(equals + 1), Plus::kSpace);
    if (!name || !value || !valid_utf8(*name) || !valid_utf8(*value)) {
      throw ApiError("MalformedQueryString", "The query string contains a syntax error.", 400);
    }
    fields.emplace_back(std::move(*name), std::move(*value));
  }
  return fields;
}

std::string form_field(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const auto end = text.find('&');
    const std::string_view field = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto equals = field.find('=');
    if (field.substr(0, equals) == name && equals != std::string_view::npos) {
      return uri_decode(field.substr(equals + 1), Plus::kSpace).value_or("");
    }
  }
  return {};
}

json::object decode_query(const Shape& shape, std::string_view form) {
  const Form tree(form);
  return read_structure(shape, tree.root(), 0);
}

}  // namespace clary::wire
