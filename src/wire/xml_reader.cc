#include "wire/xml_reader.h"

#include <pugixml.hpp>

#include "wire/api_error.h"
#include "wire/json_codec.h"
#include "wire/scalar_text.h"
#include "wire/utf8.h"

namespace clary::wire {
namespace {

ApiError malformed() {
  return ApiError("MalformedXML",
                  "The XML you provided was not well-formed or did not validate against our "
                  "published schema",
                  400);
}

// One cheap pass before a tree is built: nesting, and constructs that no request needs. A tree of a
// hundred megabytes of start tags would take gigabytes.
void check_nesting(std::string_view text) {
  int depth = 0;
  for (auto at = text.find('<'); at != std::string_view::npos; at = text.find('<', at)) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("<!--")) {
      at = text.find("-->", at + 4);
      if (at == std::string_view::npos) throw malformed();
      continue;
    }
    if (rest.starts_with("<![CDATA[")) {
      at = text.find("]]>", at + 9);
      if (at == std::string_view::npos) throw malformed();
      continue;
    }
    if (rest.starts_with("<!")) throw malformed();
    const auto end = text.find('>', at);
    if (end == std::string_view::npos) throw malformed();
    if (rest.starts_with("</")) {
      --depth;
    } else if (!rest.starts_with("<?") && text[end - 1] != '/') {
      if (++depth > kMaxDepth) throw malformed();
    }
    at = end;
  }
}

// Names compare without their prefix: clients may qualify everything.
std::string_view local_name(const char* name) {
  const std::string_view text(name);
  const auto colon = text.find(':');
  return colon == std::string_view::npos ? text : text.substr(colon + 1);
}

std::string_view wire_name(const Member& member) {
  return member.location_name.empty() ? member.name : member.location_name;
}

json::value read(const Member& member, const pugi::xml_node& node);

json::value read_scalar(const Shape& shape, std::string_view text) {
  auto value = scalar_from_text(shape, text);
  if (!value) throw malformed();
  return std::move(*value);
}

json::object read_structure(const Shape& shape, const pugi::xml_node& node);

json::value read_list(const Shape& shape, const pugi::xml_node& node) {
  const std::string_view name = shape.element.location_name.empty()
                                    ? std::string_view("member")
                                    : std::string_view(shape.element.location_name);
  json::array list;
  for (const pugi::xml_node& child : node.children()) {
    if (local_name(child.name()) == name) list.push_back(read(shape.element, child));
  }
  return list;
}

void read_entry(json::object& map, const Shape& shape, const pugi::xml_node& entry) {
  const std::string_view key_name =
      shape.key.location_name.empty() ? "key" : std::string_view(shape.key.location_name);
  const std::string_view value_name =
      shape.value.location_name.empty() ? "value" : std::string_view(shape.value.location_name);
  const json::value* key = nullptr;
  json::value key_text, value;
  for (const pugi::xml_node& child : entry.children()) {
    if (local_name(child.name()) == key_name) {
      key_text = read_scalar(*shape.key.shape, child.text().get());
      key = &key_text;
    } else if (local_name(child.name()) == value_name) {
      value = read(shape.value, child);
    }
  }
  if (key != nullptr && key->is_string()) map[key->get_string()] = std::move(value);
}

// The text of an element without child elements; comments and CDATA may cut it in pieces.
std::string text_of(const pugi::xml_node& node) {
  std::string text;
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() == pugi::node_element) throw malformed();
    text += child.value();
  }
  return text;
}

json::value read(const Member& member, const pugi::xml_node& node) {
  const Shape& shape = *member.shape;
  switch (shape.kind) {
    case ShapeKind::kStructure:
      return read_structure(shape, node);
    case ShapeKind::kList:
      return read_list(shape, node);
    case ShapeKind::kMap: {
      json::object map;
      for (const pugi::xml_node& child : node.children()) {
        if (local_name(child.name()) == "entry") read_entry(map, shape, child);
      }
      return map;
    }
    default:
      return read_scalar(shape, text_of(node));
  }
}

const Member* member_of_element(const Shape& shape, std::string_view name) {
  for (const Member& member : shape.members) {
    if (member.xml_attribute || member.location != Location::kBody) continue;
    const Shape& own = *member.shape;
    const bool flat_list = own.kind == ShapeKind::kList && (own.flattened || member.flattened);
    const std::string_view expected = flat_list && !own.element.location_name.empty()
                                          ? std::string_view(own.element.location_name)
                                          : wire_name(member);
    if (expected == name) return &member;
  }
  return nullptr;
}

json::object read_structure(const Shape& shape, const pugi::xml_node& node) {
  json::object object;
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    const Member* member = member_of_element(shape, local_name(child.name()));
    if (member == nullptr) continue;
    const Shape& own = *member->shape;
    const bool flat = own.flattened || member->flattened;
    if (flat && own.kind == ShapeKind::kList) {
      json::value& list = object[member->name];
      if (!list.is_array()) list.emplace_array();
      list.get_array().push_back(read(own.element, child));
    } else if (flat && own.kind == ShapeKind::kMap) {
      json::value& map = object[member->name];
      if (!map.is_object()) map.emplace_object();
      read_entry(map.get_object(), own, child);
    } else {
      object[member->name] = read(*member, child);
    }
  }
  for (const Member& member : shape.members) {
    if (!member.xml_attribute) continue;
    for (const pugi::xml_attribute& attribute : node.attributes()) {
      if (attribute.name() == wire_name(member)) {
        object[member.name] = read_scalar(*member.shape, attribute.value());
      }
    }
  }
  return object;
}

}  // namespace

json::object decode_xml(const Shape& shape, std::string_view body) {
  check_nesting(body);
  pugi::xml_document document;
  const auto result =
      document.load_buffer(body.data(), body.size(),
                           pugi::parse_default | pugi::parse_ws_pcdata_single, pugi::encoding_utf8);
  if (!result || document.document_element().empty()) throw malformed();
  return read_structure(shape, document.document_element());
}

}  // namespace clary::wire
