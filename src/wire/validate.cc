#include "wire/validate.h"

#include "wire/api_error.h"
#include "wire/member_values.h"
#include "wire/pattern.h"
#include "wire/timestamps.h"
#include "wire/utf8.h"

namespace clary::wire {
namespace {

// More than this many failures are counted but not spelled out.
constexpr std::size_t kMaxReported = 10;

// How far into a value an error message looks.
constexpr std::size_t kMaxShown = 1024;

// Where in the input the walk is. Pieces are turned into text only when something is wrong.
struct Place {
  const Place* parent = nullptr;
  std::string_view name;  // a member, or a map's key
  std::size_t index = 0;  // a list's element, from 1
  bool element = false;   // of a list or a map: ".member" follows
};

// AWS's services name members in lower camel case in messages whatever the wire says.
std::string lower_camel(std::string_view name) {
  std::string out(name);
  if (!out.empty() && out[0] >= 'A' && out[0] <= 'Z') out[0] = static_cast<char>(out[0] + 32);
  return out;
}

std::string path_of(const Place& place) {
  std::string path = place.parent != nullptr ? path_of(*place.parent) : std::string();
  if (!path.empty()) path.push_back('.');
  if (!place.element) return path + lower_camel(place.name);
  path += place.index > 0 ? std::to_string(place.index) : std::string(place.name);
  return path + ".member";
}

std::string enum_set(const Shape& shape) {
  std::string text = "[";
  for (const std::string& value : shape.enum_values) {
    if (text.size() > 1) text += ", ";
    text += value;
  }
  return text + "]";
}

std::string number_text(double number) {
  std::string text;
  if (number == static_cast<double>(static_cast<long long>(number))) {
    append_integer(text, static_cast<long long>(number));
  } else {
    append_double(text, number);
  }
  return text;
}

// A value as Java prints it: what AWS's messages quote.
void show(std::string& out, const json::value& value);

void show(std::string& out, const json::array& list) {
  out.push_back('[');
  bool first = true;
  for (const json::value& element : list) {
    if (!first) out += ", ";
    first = false;
    show(out, element);
    if (out.size() > kMaxShown) return;
  }
  out.push_back(']');
}

void show(std::string& out, const json::object& object) {
  out.push_back('{');
  bool first = true;
  for (const auto& [key, entry] : object) {
    if (!first) out += ", ";
    first = false;
    out += std::string_view(key);
    out.push_back('=');
    show(out, entry);
    if (out.size() > kMaxShown) return;
  }
  out.push_back('}');
}

void show(std::string& out, const json::value& value) {
  if (value.is_string()) {
    out += std::string_view(value.get_string()).substr(0, kMaxShown + 1);
  } else if (value.is_array()) {
    show(out, value.get_array());
  } else if (value.is_object()) {
    show(out, value.get_object());
  } else if (value.is_double()) {
    append_double(out, value.get_double());
  } else {
    out += json::serialize(value);
  }
}

class Validator {
 public:
  void structure(const Shape& shape, const json::object& object, const Place* parent) {
    std::size_t set = 0;
    const MemberValues values(shape, object);
    for (std::size_t i = 0; i < shape.members.size(); ++i) {
      const Member& member = shape.members[i];
      const json::value* value = values[i];
      if (value != nullptr) ++set;
      const Place place{.parent = parent, .name = member.name};
      if (value != nullptr) {
        check(*member.shape, *value, place);
      } else if (member.required && !raw(shape, member)) {
        fail_null(place);
      }
    }
    if (shape.is_union && set != 1 && parent != nullptr) {
      fail(shape, object, *parent, "Member must have exactly one of its members set");
    }
  }

  void member(const Member& member, const json::value& value) {
    check(*member.shape, value, Place{.name = member.name});
  }

  std::optional<std::string> message() const {
    if (count_ == 0) return std::nullopt;
    return std::to_string(count_) + " validation error" + (count_ == 1 ? "" : "s") +
           " detected: " + text_;
  }

 private:
  // The payload that is the request's body itself, which decoding leaves to the handler.
  static bool raw(const Shape& shape, const Member& member) {
    return member.name == shape.payload &&
           (member.streaming || member.shape->kind == ShapeKind::kBlob ||
            member.shape->is_event_stream);
  }

  void check(const Shape& shape, const json::value& value, const Place& place) {
    switch (shape.kind) {
      case ShapeKind::kStructure:
        if (value.is_object()) structure(shape, value.get_object(), &place);
        return;
      case ShapeKind::kList:
        if (value.is_array()) list(shape, value.get_array(), place);
        return;
      case ShapeKind::kMap:
        if (value.is_object()) map(shape, value.get_object(), place);
        return;
      default:
        scalar(shape, value, place);
    }
  }

  void list(const Shape& shape, const json::array& list, const Place& place) {
    length(shape, list, list.size(), place);
    const Shape& element = *shape.element.shape;
    const bool nested = element.kind == ShapeKind::kStructure || element.kind == ShapeKind::kList ||
                        element.kind == ShapeKind::kMap;
    bool reported = false;
    std::size_t index = 0;
    for (const json::value& value : list) {
      const Place at{.parent = &place, .name = {}, .index = ++index, .element = true};
      if (value.is_null()) {
        fail_null(at);
      } else if (nested) {
        check(element, value, at);
      } else if (!reported && !holds(element, value)) {
        // One sentence for the whole list, as AWS has it.
        reported = true;
        fail(shape, list, place, "Member must satisfy constraint: " + constraints(element));
      }
    }
  }

  void map(const Shape& shape, const json::object& map, const Place& place) {
    length(shape, map, map.size(), place);
    const Shape& element = *shape.value.shape;
    const bool nested = element.kind == ShapeKind::kStructure || element.kind == ShapeKind::kList ||
                        element.kind == ShapeKind::kMap;
    bool keys = false, values = false;
    for (const auto& [key, value] : map) {
      const Place at{.parent = &place, .name = key, .element = true};
      if (!keys && !holds_text(*shape.key.shape, key)) {
        keys = true;
        fail(shape, map, place,
             "Map keys must satisfy constraint: " + constraints(*shape.key.shape));
      }
      if (value.is_null()) {
        fail_null(at);
      } else if (nested) {
        check(element, value, at);
      } else if (!values && !holds(element, value)) {
        values = true;
        fail(shape, map, place, "Map value must satisfy constraint: " + constraints(element));
      }
    }
  }

  void scalar(const Shape& shape, const json::value& value, const Place& place) {
    if (holds(shape, value)) return;
    if (shape.kind == ShapeKind::kString) {
      const std::string_view text = value.get_string();
      if (shape.pattern && !shape.pattern->matches(text)) {
        fail(shape, value, place,
             "Member must satisfy regular expression pattern: " + shape.pattern_text);
      }
      if (!in_enum(shape, text)) {
        fail(shape, value, place, "Member must satisfy enum value set: " + enum_set(shape));
      }
      length(shape, value, code_points(text), place);
    } else if (shape.kind == ShapeKind::kBlob) {
      length(shape, value, blob_size(value.get_string()), place);
    } else {
      const double number = value.to_number<double>();
      if (shape.max && number > *shape.max) {
        fail(shape, value, place,
             "Member must have value less than or equal to " + number_text(*shape.max));
      }
      if (shape.min && number < *shape.min) {
        fail(shape, value, place,
             "Member must have value greater than or equal to " + number_text(*shape.min));
      }
    }
  }

  template <class Value>
  void length(const Shape& shape, const Value& value, std::size_t size, const Place& place) {
    if (shape.max && static_cast<double>(size) > *shape.max) {
      fail(shape, value, place,
           "Member must have length less than or equal to " + number_text(*shape.max));
    }
    if (shape.min && static_cast<double>(size) < *shape.min) {
      fail(shape, value, place,
           "Member must have length greater than or equal to " + number_text(*shape.min));
    }
  }

  // Whether a scalar satisfies all its constraints; the only question most values are asked.
  static bool holds(const Shape& shape, const json::value& value) {
    switch (shape.kind) {
      case ShapeKind::kString:
        return !value.is_string() || holds_text(shape, value.get_string());
      case ShapeKind::kBlob:
        return !value.is_string() || holds_length(shape, blob_size(value.get_string()));
      case ShapeKind::kInteger:
      case ShapeKind::kLong:
      case ShapeKind::kFloat:
      case ShapeKind::kDouble: {
        if ((!shape.min && !shape.max) || !value.is_number()) return true;
        const double number = value.to_number<double>();
        return (!shape.min || number >= *shape.min) && (!shape.max || number <= *shape.max);
      }
      default:
        return true;
    }
  }

  static bool holds_text(const Shape& shape, std::string_view text) {
    return holds_length(shape, shape.min || shape.max ? code_points(text) : 0) &&
           in_enum(shape, text) && (!shape.pattern || shape.pattern->matches(text));
  }

  static bool holds_length(const Shape& shape, std::size_t size) {
    return (!shape.max || static_cast<double>(size) <= *shape.max) &&
           (!shape.min || static_cast<double>(size) >= *shape.min);
  }

  static bool in_enum(const Shape& shape, std::string_view text) {
    return shape.enum_values.empty() ||
           std::find(shape.enum_values.begin(), shape.enum_values.end(), text) !=
               shape.enum_values.end();
  }

  static std::size_t blob_size(std::string_view base64_text) {
    const std::size_t padding = base64_text.ends_with("==")  ? 2
                                : base64_text.ends_with("=") ? 1
                                                             : 0;
    return base64_text.size() / 4 * 3 - padding;
  }

  // "[Member must have length less than or equal to 256, Member must ...]"
  static std::string constraints(const Shape& shape) {
    const bool number = shape.kind != ShapeKind::kString && shape.kind != ShapeKind::kBlob;
    const std::string what = number ? "Member must have value " : "Member must have length ";
    std::vector<std::string> all;
    if (shape.max) all.push_back(what + "less than or equal to " + number_text(*shape.max));
    if (shape.min) all.push_back(what + "greater than or equal to " + number_text(*shape.min));
    if (!shape.pattern_text.empty()) {
      all.push_back("Member must satisfy regular expression pattern: " + shape.pattern_text);
    }
    if (!shape.enum_values.empty()) {
      all.push_back("Member must satisfy enum value set: " + enum_set(shape));
    }
    std::string text = "[";
    for (const std::string& one : all) {
      if (text.size() > 1) text += ", ";
      text += one;
    }
    return text + "]";
  }

  template <class Value>
  void fail(const Shape& shape, const Value& value, const Place& place,
            const std::string& constraint) {
    if (shape.sensitive) {
      add("Value at '" + path_of(place) + "' failed to satisfy constraint: " + constraint);
      return;
    }
    std::string shown;
    show(shown, value);
    if (shown.size() > kMaxShown) shown = shorten(shown);
    add("Value '" + shown + "' at '" + path_of(place) +
        "' failed to satisfy constraint: " + constraint);
  }

  // Cut between code points.
  static std::string shorten(const std::string& text) {
    std::size_t end = kMaxShown;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return text.substr(0, end) + "...";
  }

  void fail_null(const Place& place) {
    add("Value null at '" + path_of(place) +
        "' failed to satisfy constraint: Member must not be null");
  }

  void add(const std::string& sentence) {
    if (++count_ > kMaxReported) return;
    if (!text_.empty()) text_ += "; ";
    text_ += sentence;
  }

  std::size_t count_ = 0;
  std::string text_;
};

// The code under which each service reports what its model forbids.
std::string_view code_for(const ServiceModel& model) {
  if (model.name() == "logs" || model.name() == "ecr") return "InvalidParameterException";
  if (model.name() == "sagemaker-runtime" || model.name() == "sagemaker-featurestore-runtime" ||
      model.protocol() == Protocol::kQuery) {
    return "ValidationError";
  }
  return "ValidationException";
}

}  // namespace

std::optional<std::string> validation_message(const Shape& shape, const json::object& input) {
  Validator validator;
  validator.structure(shape, input, nullptr);
  return validator.message();
}

namespace {

// S3 does not answer with sentences over shapes: what is wrong in a document is MalformedXML, what
// is wrong in a header or the query names the argument.
void validate_s3(const Shape& shape, const json::object& input) {
  for (const Member& member : shape.members) {
    const json::value* value = input.if_contains(member.name);
    const bool in_body = member.location == Location::kBody;
    const std::string& wire_name =
        member.location_name.empty() ? member.name : member.location_name;
    if (value == nullptr) {
      if (!member.required || member.streaming) continue;
      if (in_body) {
        throw ApiError("MissingRequestBodyError", "Request Body is empty", 400);
      }
      throw ApiError("InvalidRequest", "Missing required parameter for this request: " + wire_name,
                     400);
    }
    // The handler judges the region: S3 has an error of its own for a wrong one.
    if (member.name == "CreateBucketConfiguration") continue;
    Validator validator;
    validator.member(member, *value);
    if (!validator.message()) continue;
    if (in_body) {
      throw ApiError("MalformedXML",
                     "The XML you provided was not well-formed or did not validate against our "
                     "published schema",
                     400);
    }
    if (member.name == "StorageClass") {
      throw ApiError("InvalidStorageClass", "The storage class you specified is not valid", 400);
    }
    ApiError error("InvalidArgument", "The value of " + wire_name + " is not valid", 400);
    error.details()["ArgumentName"] = wire_name;
    if (value->is_string()) error.details()["ArgumentValue"] = value->get_string();
    throw error;
  }
}

}  // namespace

void validate(const ServiceModel& model, const Operation& operation, const json::object& input) {
  if (operation.input == nullptr) return;
  if (model.name() == "s3") return validate_s3(*operation.input, input);
  auto message = validation_message(*operation.input, input);
  if (message) throw ApiError(std::string(code_for(model)), *message, 400);
}

}  // namespace clary::wire
