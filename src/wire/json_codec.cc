#include "wire/json_codec.h"

#include <cmath>
#include <stdexcept>

#include "base/text.h"
#include "wire/member_values.h"
#include "wire/timestamps.h"

namespace clary::wire {
namespace {

// The words that AWS's JSON services use for the token they met.
std::string_view token_name(const json::value& value) {
  switch (value.kind()) {
    case json::kind::string:
      return "STRING_VALUE";
    case json::kind::bool_:
      return value.get_bool() ? "TRUE_VALUE" : "FALSE_VALUE";
    case json::kind::double_:
      return "DECIMAL_VALUE";
    default:
      return "NUMBER_VALUE";
  }
}

[[noreturn]] void refuse(const json::value& value, std::string_view wanted) {
  if (value.is_object()) {
    throw serialization_error("Start of structure or map found where not expected.");
  }
  if (value.is_array()) throw serialization_error("Start of list found where not expected");
  if (wanted.empty()) throw serialization_error("Unexpected field type");
  throw serialization_error(std::string(token_name(value)) + " can not be converted to " +
                            (wanted == "Integer" ? "an " : "a ") + std::string(wanted));
}

void conform(json::value& value, const Shape& shape);

void conform_structure(json::value& value, const Shape& shape) {
  json::object* object = value.if_object();
  if (object == nullptr) refuse(value, "");
  for (auto it = object->begin(); it != object->end();) {
    const Member* member = shape.find_member(it->key());
    if (member == nullptr || it->value().is_null()) {
      it = object->erase(it);
    } else {
      conform(it->value(), *member->shape);
      ++it;
    }
  }
}

void conform_integer(json::value& value, bool is_long) {
  const std::string_view wanted = is_long ? "Long" : "Integer";
  if (value.is_double()) {
    const double number = value.get_double();
    // 2^63 is the first double past the range; casting it would be undefined.
    if (std::trunc(number) != number || std::abs(number) >= 0x1p63) refuse(value, wanted);
    value = static_cast<std::int64_t>(number);
  }
  if (!value.is_int64()) refuse(value, wanted);
  if (!is_long && (value.get_int64() > INT32_MAX || value.get_int64() < INT32_MIN)) {
    refuse(value, wanted);
  }
}

void conform_float(json::value& value) {
  if (value.is_number()) {
    value = value.to_number<double>();
    return;
  }
  const std::string_view text =
      value.is_string() ? std::string_view(value.get_string()) : std::string_view();
  if (text == "NaN") {
    value = std::nan("");
  } else if (text == "Infinity" || text == "-Infinity") {
    value = text[0] == '-' ? -HUGE_VAL : HUGE_VAL;
  } else {
    refuse(value, "Double");
  }
}

void conform_timestamp(json::value& value) {
  std::optional<double> seconds;
  if (value.is_number()) {
    // To the millisecond, as AWS keeps them.
    const double number = value.to_number<double>();
    if (timestamp_in_range(number)) seconds = std::round(number * 1000) / 1000;
    if (!seconds) throw serialization_error("Unable to parse date: out of range");
  } else if (value.is_string()) {
    seconds = parse_timestamp(value.get_string());
    if (!seconds) {
      throw serialization_error("Unable to parse date: " + std::string(value.get_string()));
    }
  } else {
    refuse(value, "Date");
  }
  value = *seconds;
}

void conform(json::value& value, const Shape& shape) {
  switch (shape.kind) {
    case ShapeKind::kStructure:
      if (!shape.is_document) conform_structure(value, shape);
      return;
    case ShapeKind::kList:
      if (!value.is_array()) refuse(value, "");
      for (json::value& element : value.get_array()) {
        if (!element.is_null()) conform(element, *shape.element.shape);
      }
      return;
    case ShapeKind::kMap:
      if (!value.is_object()) refuse(value, "");
      for (auto& entry : value.get_object()) {
        if (!entry.value().is_null()) conform(entry.value(), *shape.value.shape);
      }
      return;
    case ShapeKind::kString:
      if (!value.is_string()) refuse(value, "String");
      return;
    case ShapeKind::kInteger:
    case ShapeKind::kLong:
      return conform_integer(value, shape.kind == ShapeKind::kLong);
    case ShapeKind::kFloat:
    case ShapeKind::kDouble:
      return conform_float(value);
    case ShapeKind::kBoolean:
      if (!value.is_bool()) refuse(value, "Boolean");
      return;
    case ShapeKind::kTimestamp:
      return conform_timestamp(value);
    case ShapeKind::kBlob:
      if (!value.is_string()) refuse(value, "Blob");
      if (!unbase64(value.get_string())) {
        throw serialization_error("Invalid length for a base64 char array or invalid character");
      }
      return;
  }
}

[[noreturn]] void wrong_kind(const Shape& shape) {
  throw std::logic_error("an answer's value is not of the kind of shape " + shape.name);
}

double as_double(const json::value& value, const Shape& shape) {
  if (!value.is_number()) wrong_kind(shape);
  return value.to_number<double>();
}

void write_value(std::string& out, const Shape& shape, const json::value& value);

void write_list(std::string& out, const Shape& shape, const json::value& value) {
  if (!value.is_array()) wrong_kind(shape);
  out.push_back('[');
  bool first = true;
  for (const json::value& element : value.get_array()) {
    if (!first) out.push_back(',');
    first = false;
    write_value(out, *shape.element.shape, element);
  }
  out.push_back(']');
}

void write_map(std::string& out, const Shape& shape, const json::value& value) {
  if (!value.is_object()) wrong_kind(shape);
  out.push_back('{');
  bool first = true;
  for (const auto& [key, entry] : value.get_object()) {
    if (!first) out.push_back(',');
    first = false;
    write_json_string(out, key);
    out.push_back(':');
    write_value(out, *shape.value.shape, entry);
  }
  out.push_back('}');
}

void write_float(std::string& out, const Shape& shape, const json::value& value) {
  const double number = as_double(value, shape);
  const bool quoted = !std::isfinite(number);
  if (quoted) out.push_back('"');
  append_double(out, number);
  if (quoted) out.push_back('"');
}

void write_integer(std::string& out, const Shape& shape, const json::value& value) {
  if (value.is_int64()) {
    append_integer(out, value.get_int64());
  } else if (value.is_uint64()) {
    append_integer(out, static_cast<long long>(value.get_uint64()));
  } else {
    const double number = as_double(value, shape);
    if (!(std::abs(number) < 0x1p63)) wrong_kind(shape);
    append_integer(out, static_cast<long long>(number));
  }
}

void write_value(std::string& out, const Shape& shape, const json::value& value) {
  if (value.is_null()) {
    out += "null";
    return;
  }
  switch (shape.kind) {
    case ShapeKind::kStructure:
      if (shape.is_document) {
        out += json::serialize(value);
      } else {
        if (!value.is_object()) wrong_kind(shape);
        write_json(out, shape, value.get_object());
      }
      return;
    case ShapeKind::kList:
      return write_list(out, shape, value);
    case ShapeKind::kMap:
      return write_map(out, shape, value);
    case ShapeKind::kString:
    case ShapeKind::kBlob:
      if (!value.is_string()) wrong_kind(shape);
      return write_json_string(out, value.get_string());
    case ShapeKind::kInteger:
    case ShapeKind::kLong:
      return write_integer(out, shape, value);
    case ShapeKind::kFloat:
    case ShapeKind::kDouble:
      return write_float(out, shape, value);
    case ShapeKind::kBoolean:
      if (!value.is_bool()) wrong_kind(shape);
      out += value.get_bool() ? "true" : "false";
      return;
    case ShapeKind::kTimestamp:
      return append_epoch_seconds(out, as_double(value, shape));
  }
}

}  // namespace

ApiError serialization_error(const std::string& message) {
  return ApiError("SerializationException", message, 400);
}

json::object decode_json(const Shape& shape, std::string_view body) {
  if (trim(body).empty()) return {};
  json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::system::error_code error;
  json::value value = json::parse(body, error, {}, options);
  if (error == json::error::too_deep) {
    throw serialization_error("The request body is nested too deeply");
  }
  if (error) {
    throw serialization_error("Could not parse request body into json: " + error.message());
  }
  conform_structure(value, shape);
  return std::move(value.get_object());
}

void write_json(std::string& out, const Shape& shape, const json::object& object, Members members) {
  out.push_back('{');
  bool first = true;
  const MemberValues values(shape, object);
  for (std::size_t i = 0; i < shape.members.size(); ++i) {
    const Member& member = shape.members[i];
    const json::value* value = values[i];
    if (value == nullptr || value->is_null()) continue;
    if (members == Members::kBodyOnly && member.location != Location::kBody) continue;
    if (!first) out.push_back(',');
    first = false;
    out.push_back('"');
    out += member.location_name.empty() ? member.name : member.location_name;
    out += "\":";
    write_value(out, *member.shape, *value);
  }
  out.push_back('}');
}

void write_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out.push_back('"');
  std::size_t start = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, start, at - start);
    start = at + 1;
    out.push_back('\\');
    switch (c) {
      case '\n':
        out.push_back('n');
        break;
      case '\r':
        out.push_back('r');
        break;
      case '\t':
        out.push_back('t');
        break;
      case '"':
      case '\\':
        out.push_back(static_cast<char>(c));
        break;
      default:
        out += "u00";
        out.push_back(kHex[c >> 4]);
        out.push_back(kHex[c & 15]);
    }
  }
  out.append(text, start, text.size() - start);
  out.push_back('"');
}

}  // namespace clary::wire
