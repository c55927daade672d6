#include "wire/xml_writer.h"

#include <cmath>
#include <stdexcept>

#include "wire/timestamps.h"

namespace clary::wire {
namespace {

[[noreturn]] void wrong_kind(const Shape& shape) {
  throw std::logic_error("an answer's value is not of the kind of shape " + shape.name);
}

void write_scalar(std::string& out, const Member& member, const json::value& value) {
  const Shape& shape = *member.shape;
  switch (shape.kind) {
    case ShapeKind::kString:
    case ShapeKind::kBlob:
      if (!value.is_string()) wrong_kind(shape);
      return append_xml_text(out, value.get_string());
    case ShapeKind::kBoolean:
      if (!value.is_bool()) wrong_kind(shape);
      out += value.get_bool() ? "true" : "false";
      return;
    default:
      break;
  }
  if (!value.is_number()) wrong_kind(shape);
  const double number = value.to_number<double>();
  if (shape.kind == ShapeKind::kTimestamp) {
    auto format =
        member.timestamp != TimestampFormat::kDefault ? member.timestamp : shape.timestamp;
    if (format == TimestampFormat::kDefault) format = TimestampFormat::kIso8601;
    out += format_timestamp(number, format);
  } else if (shape.kind == ShapeKind::kFloat || shape.kind == ShapeKind::kDouble) {
    append_double(out, number);
  } else if (value.is_int64()) {
    append_integer(out, value.get_int64());
  } else {
    if (!(std::abs(number) < 0x1p63)) wrong_kind(shape);
    append_integer(out, static_cast<long long>(number));
  }
}

void open(std::string& out, std::string_view name) {
  out.push_back('<');
  out += name;
  out.push_back('>');
}

void close(std::string& out, std::string_view name) {
  out += "</";
  out += name;
  out.push_back('>');
}

// Attributes (xsi:type) stand in the start tag with their namespace.
void open_structure(std::string& out, std::string_view name, const Shape& shape,
                    const json::object& object) {
  out.push_back('<');
  out += name;
  if (!shape.xml_namespace.empty()) {
    out += shape.xml_namespace_prefix.empty() ? " xmlns" : " xmlns:" + shape.xml_namespace_prefix;
    out += "=\"" + shape.xml_namespace + "\"";
  }
  for (const Member& member : shape.members) {
    const json::value* value = member.xml_attribute ? object.if_contains(member.name) : nullptr;
    if (value == nullptr || value->is_null()) continue;
    out += " " + (member.location_name.empty() ? member.name : member.location_name) + "=\"";
    write_scalar(out, member, *value);
    out.push_back('"');
  }
  out.push_back('>');
}

void write_element(std::string& out, std::string_view name, const Member& member,
                   const json::value& value);

void write_list(std::string& out, std::string_view name, const Member& member,
                const json::value& value) {
  const Shape& shape = *member.shape;
  if (!value.is_array()) wrong_kind(shape);
  const bool flat = shape.flattened || member.flattened;
  const std::string_view own = shape.element.location_name;
  const std::string_view element_name = !own.empty() ? own : flat ? name : "member";
  if (!flat) open(out, name);
  for (const json::value& element : value.get_array()) {
    if (!element.is_null()) write_element(out, element_name, shape.element, element);
  }
  if (!flat) close(out, name);
}

void write_map(std::string& out, std::string_view name, const Member& member,
               const json::value& value) {
  const Shape& shape = *member.shape;
  if (!value.is_object()) wrong_kind(shape);
  const bool flat = shape.flattened || member.flattened;
  const std::string_view entry_name = flat ? name : "entry";
  const std::string_view key_name =
      shape.key.location_name.empty() ? "key" : std::string_view(shape.key.location_name);
  const std::string_view value_name =
      shape.value.location_name.empty() ? "value" : std::string_view(shape.value.location_name);
  if (!flat) open(out, name);
  for (const auto& [key, entry] : value.get_object()) {
    open(out, entry_name);
    append_xml_element(out, key_name, key);
    if (!entry.is_null()) write_element(out, value_name, shape.value, entry);
    close(out, entry_name);
  }
  if (!flat) close(out, name);
}

void write_element(std::string& out, std::string_view name, const Member& member,
                   const json::value& value) {
  switch (member.shape->kind) {
    case ShapeKind::kStructure:
      if (!value.is_object()) wrong_kind(*member.shape);
      open_structure(out, name, *member.shape, value.get_object());
      write_xml_members(out, *member.shape, value.get_object());
      return close(out, name);
    case ShapeKind::kList:
      return write_list(out, name, member, value);
    case ShapeKind::kMap:
      return write_map(out, name, member, value);
    default:
      open(out, name);
      write_scalar(out, member, value);
      close(out, name);
  }
}

}  // namespace

void append_xml_text(std::string& out, std::string_view text) {
  std::size_t start = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c > '>' || (c >= 0x20 && c != '&' && c != '<' && c != '>' && c != '"') || c == '\n' ||
        c == '\t') {
      continue;
    }
    out.append(text, start, at - start);
    start = at + 1;
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        // Carriage returns, and what XML 1.0 cannot hold; S3 writes both so.
        out += "&#" + std::to_string(c) + ";";
    }
  }
  out.append(text, start, text.size() - start);
}

void append_xml_element(std::string& out, std::string_view name, std::string_view text) {
  open(out, name);
  append_xml_text(out, text);
  close(out, name);
}

void write_xml_members(std::string& out, const Shape& shape, const json::object& object) {
  for (const Member& member : shape.members) {
    if (member.location != Location::kBody || member.xml_attribute) continue;
    const json::value* value = object.if_contains(member.name);
    if (value != nullptr && !value->is_null()) write_xml_member(out, member, *value);
  }
}

void write_xml_member(std::string& out, const Member& member, const json::value& value) {
  write_element(out, member.location_name.empty() ? member.name : member.location_name, member,
                value);
}

}  // namespace clary::wire
