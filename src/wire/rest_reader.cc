#include "base/text.h"
#include "wire/api_error.h"
#include "wire/json_codec.h"
#include "wire/query_reader.h"
#include "wire/rest.h"
#include "wire/scalar_text.h"
#include "wire/utf8.h"
#include "wire/xml_reader.h"

namespace clary::wire {
namespace {

std::string_view wire_name(const Member& member) {
  return member.location_name.empty() ? member.name : member.location_name;
}

// Header bytes that are no UTF-8 are Latin-1, as HTTP had it.
std::string header_text(std::string_view value) {
  if (valid_utf8(value)) return std::string(value);
  std::string out;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out.push_back(c);
    } else {
      out.push_back(static_cast<char>(0xC0 | byte >> 6));
      out.push_back(static_cast<char>(0x80 | (byte & 0x3F)));
    }
  }
  return out;
}

class RestReader {
 public:
  RestReader(const ServiceModel& model, const RequestHead& head,
             const std::vector<std::pair<std::string, std::string>>& labels)
      : s3_(model.name() == "s3"), head_(head), labels_(labels) {
    if (!head.query.empty()) query_ = parse_form(head.query);
  }

  void read(const Member& member, json::object& input) const {
    switch (member.location) {
      case Location::kUri:
        for (const auto& [name, value] : labels_) {
          if (name == wire_name(member)) input[member.name] = scalar(member, value);
        }
        return;
      case Location::kQuery:
        return read_query(member, input);
      case Location::kHeader:
        return read_header(member, input);
      case Location::kHeaders:
        return read_headers(member, input);
      default:
        return;
    }
  }

 private:
  json::value scalar(const Member& member, std::string_view text) const {
    auto value = scalar_from_text(*member.shape, text);
    if (value) return std::move(*value);
    const std::string name(wire_name(member));
    if (s3_ && member.location == Location::kUri) {
      throw ApiError("InvalidURI", "Couldn't parse the specified URI.", 400);
    }
    if (!s3_) throw serialization_error("The value of " + name + " is malformed");
    ApiError error("InvalidArgument", "Provided " + name + " is not valid", 400);
    error.details()["ArgumentName"] = name;
    if (valid_utf8(text)) error.details()["ArgumentValue"] = text;
    throw error;
  }

  void read_query(const Member& member, json::object& input) const {
    const bool list = member.shape->kind == ShapeKind::kList;
    json::array values;
    for (const auto& [name, value] : query_) {
      if (name != wire_name(member)) continue;
      if (!list) {
        input[member.name] = scalar(member, value);
        return;
      }
      values.push_back(scalar(member.shape->element, value));
    }
    if (!values.empty()) input[member.name] = std::move(values);
  }

  void read_header(const Member& member, json::object& input) const {
    if (member.shape->kind != ShapeKind::kList) {
      const auto value = head_.headers.find(wire_name(member));
      // An empty number or date is as good as none; an empty string may be meant.
      if (!value || (value->empty() && member.shape->kind != ShapeKind::kString)) return;
      input[member.name] = scalar(member, header_text(*value));
      return;
    }
    json::array values;
    for (const auto& [name, line] : head_.headers) {
      if (!equals_ignore_case(name, wire_name(member))) continue;
      for (std::string_view rest = line; !rest.empty();) {
        const auto comma = rest.find(',');
        const std::string_view item = trim(rest.substr(0, comma));
        if (!item.empty()) values.push_back(scalar(member.shape->element, header_text(item)));
        rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
      }
    }
    if (!values.empty()) input[member.name] = std::move(values);
  }

  void read_headers(const Member& member, json::object& input) const {
    const std::string_view prefix = member.location_name;
    json::object map;
    for (const auto& [name, value] : head_.headers) {
      if (name.size() <= prefix.size() ||
          !equals_ignore_case(std::string_view(name).substr(0, prefix.size()), prefix)) {
        continue;
      }
      const std::string key = header_text(to_lower(std::string_view(name).substr(prefix.size())));
      // Fields of one name are one value with commas.
      json::value& entry = map[key];
      entry = entry.is_string() ? std::string(entry.get_string()) + "," + header_text(value)
                                : header_text(value);
    }
    if (!map.empty()) input[member.name] = std::move(map);
  }

  bool s3_;
  const RequestHead& head_;
  const std::vector<std::pair<std::string, std::string>>& labels_;
  FormFields query_;
};

json::object decode_body(Protocol protocol, const Shape& shape, std::string_view body) {
  return protocol == Protocol::kRestJson ? decode_json(shape, body) : decode_xml(shape, body);
}

void read_payload(Protocol protocol, const Member& payload, std::string_view body,
                  json::object& input) {
  const Shape& shape = *payload.shape;
  if (payload.streaming || shape.kind == ShapeKind::kBlob || shape.is_event_stream) return;
  if (body.empty()) return;
  if (shape.kind == ShapeKind::kStructure) {
    input[payload.name] = decode_body(protocol, shape, body);
    return;
  }
  if (!valid_utf8(body)) throw serialization_error("The request body is not UTF-8");
  input[payload.name] = body;
}

}  // namespace

json::object decode_rest(const ServiceModel& model, Protocol protocol, const Operation& operation,
                         const RequestHead& head,
                         const std::vector<std::pair<std::string, std::string>>& labels,
                         std::string_view body) {
  json::object input;
  if (operation.input == nullptr) return input;
  const Shape& shape = *operation.input;
  if (const Member* payload = shape.payload_member()) {
    read_payload(protocol, *payload, body, input);
  } else if (!body.empty() &&
             std::any_of(shape.members.begin(), shape.members.end(),
                         [](const Member& member) { return member.location == Location::kBody; })) {
    input = decode_body(protocol, shape, body);
    // A member bound elsewhere is not taken from the body.
    for (const Member& member : shape.members) {
      if (member.location != Location::kBody) input.erase(member.name);
    }
  }
  const RestReader reader(model, head, labels);
  for (const Member& member : shape.members) reader.read(member, input);
  return input;
}

}  // namespace clary::wire
