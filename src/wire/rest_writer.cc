#include <array>
#include <cmath>
#include <stdexcept>

#include "base/text.h"
#include "wire/json_codec.h"
#include "wire/response_heads.h"
#include "wire/rest.h"
#include "wire/timestamps.h"
#include "wire/xml_writer.h"

namespace clary::wire {
namespace {

struct Root {
  std::string_view operation, element;
};

// S3's documents whose root is not named after the payload's shape; the model does not say.
// Source: the "Response Syntax" of each operation, Amazon S3 API reference.
constexpr std::array kRoots = {
    Root{"CompleteMultipartUpload", "CompleteMultipartUploadResult"},
    Root{"CopyObject", "CopyObjectResult"},
    Root{"CreateMultipartUpload", "InitiateMultipartUploadResult"},
    Root{"CreateSession", "CreateSessionResult"},
    Root{"DeleteObjects", "DeleteResult"},
    Root{"GetBucketAccelerateConfiguration", "AccelerateConfiguration"},
    Root{"GetBucketAcl", "AccessControlPolicy"},
    Root{"GetBucketCors", "CORSConfiguration"},
    Root{"GetBucketLifecycle", "LifecycleConfiguration"},
    Root{"GetBucketLifecycleConfiguration", "LifecycleConfiguration"},
    Root{"GetBucketLocation", "LocationConstraint"},
    Root{"GetBucketLogging", "BucketLoggingStatus"},
    Root{"GetBucketNotification", "NotificationConfiguration"},
    Root{"GetBucketNotificationConfiguration", "NotificationConfiguration"},
    Root{"GetBucketRequestPayment", "RequestPaymentConfiguration"},
    Root{"GetBucketTagging", "Tagging"},
    Root{"GetBucketVersioning", "VersioningConfiguration"},
    Root{"GetBucketWebsite", "WebsiteConfiguration"},
    Root{"GetObjectAcl", "AccessControlPolicy"},
    Root{"GetObjectAttributes", "GetObjectAttributesResponse"},
    Root{"GetObjectTagging", "Tagging"},
    Root{"ListBucketAnalyticsConfigurations", "ListBucketAnalyticsConfigurationResult"},
    Root{"ListBucketInventoryConfigurations", "ListInventoryConfigurationsResult"},
    Root{"ListBucketMetricsConfigurations", "ListMetricsConfigurationsResult"},
    Root{"ListBuckets", "ListAllMyBucketsResult"},
    Root{"ListDirectoryBuckets", "ListAllMyDirectoryBucketsResult"},
    Root{"ListMultipartUploads", "ListMultipartUploadsResult"},
    Root{"ListObjectVersions", "ListVersionsResult"},
    Root{"ListObjects", "ListBucketResult"},
    Root{"ListObjectsV2", "ListBucketResult"},
    Root{"ListParts", "ListPartsResult"},
    Root{"UploadPartCopy", "CopyPartResult"},
};

std::string_view root_of(const Operation& operation, const Shape& shape) {
  const auto* found = std::find_if(kRoots.begin(), kRoots.end(), [&](const Root& root) {
    return root.operation == operation.name;
  });
  if (found != kRoots.end()) return found->element;
  return shape.location_name.empty() ? shape.name : shape.location_name;
}

std::string header_scalar(const Member& member, const json::value& value) {
  const Shape& shape = *member.shape;
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_bool()) return value.get_bool() ? "true" : "false";
  if (!value.is_number()) throw std::logic_error("a header's value is a structure: " + shape.name);
  const double number = value.to_number<double>();
  std::string text;
  if (shape.kind == ShapeKind::kTimestamp) {
    auto format =
        member.timestamp != TimestampFormat::kDefault ? member.timestamp : shape.timestamp;
    if (format == TimestampFormat::kDefault) format = TimestampFormat::kRfc822;
    return format_timestamp(number, format);
  }
  if (shape.kind == ShapeKind::kFloat || shape.kind == ShapeKind::kDouble) {
    append_double(text, number);
  } else if (value.is_int64()) {
    append_integer(text, value.get_int64());
  } else if (std::abs(number) < 0x1p63) {
    append_integer(text, static_cast<long long>(number));
  }
  return text;
}

// A line end in a value would begin a header of the value's own making.
void add_header(ResponseHead& head, std::string name, std::string value) {
  const auto bad = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
  std::replace_if(name.begin(), name.end(), bad, ' ');
  std::replace_if(value.begin(), value.end(), bad, ' ');
  head.headers.emplace_back(std::move(name), std::move(value));
}

void write_header(const Member& member, const json::value& value, ResponseHead& head) {
  const std::string& name = member.location_name.empty() ? member.name : member.location_name;
  if (equals_ignore_case(name, "Content-Length")) {
    // The layer that frames the message writes it: of a HEAD response, or of a body that streams.
    if (value.is_int64()) head.content_length = static_cast<std::uint64_t>(value.get_int64());
  } else if (member.location == Location::kHeaders) {
    if (!value.is_object()) throw std::logic_error("not a map: " + member.name);
    for (const auto& [key, entry] : value.get_object()) {
      if (!entry.is_string()) throw std::logic_error("not a string: " + member.name);
      add_header(head, member.location_name + std::string(key), std::string(entry.get_string()));
    }
  } else if (value.is_array()) {
    std::string text;
    for (const json::value& element : value.get_array()) {
      if (!text.empty()) text += ", ";
      text += header_scalar(member.shape->element, element);
    }
    add_header(head, name, text);
  } else {
    add_header(head, name, header_scalar(member, value));
  }
}

std::string xml_document(const ServiceModel& model, const Operation& operation, const Shape& shape,
                         const json::object& object) {
  const std::string root(root_of(operation, shape));
  std::string body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<" + root + " xmlns=\"" +
                     model.xml_namespace() + "\">";
  // The one document whose root holds its only member's text.
  if (operation.name == "GetBucketLocation") {
    append_xml_text(body, string_or(object, "LocationConstraint"));
  } else {
    write_xml_members(body, shape, object);
  }
  return body + "</" + root + ">";
}

std::string payload_body(const ServiceModel& model, Protocol protocol, const Operation& operation,
                         const Member& payload, const json::value* value) {
  if (payload.streaming || payload.shape->is_event_stream || value == nullptr) return {};
  if (payload.shape->kind == ShapeKind::kBlob) {
    const auto bytes = value->is_string() ? unbase64(value->get_string()) : std::nullopt;
    if (!bytes) throw std::logic_error("not Base64: " + payload.name);
    return *bytes;
  }
  if (value->is_string()) return std::string(value->get_string());
  if (!value->is_object()) throw std::logic_error("not a structure: " + payload.name);
  if (protocol == Protocol::kRestXml) {
    return xml_document(model, operation, *payload.shape, value->get_object());
  }
  std::string body;
  write_json(body, *payload.shape, value->get_object());
  return body;
}

bool has_body_members(const Shape& shape) {
  return std::any_of(shape.members.begin(), shape.members.end(),
                     [](const Member& member) { return member.location == Location::kBody; });
}

}  // namespace

std::string encode_rest(const ServiceModel& model, Protocol protocol, const Operation& operation,
                        const json::object& output, ResponseHead& head) {
  const bool json = protocol == Protocol::kRestJson;
  if (operation.output == nullptr) return json && head.status != 204 ? "{}" : "";
  const Shape& shape = *operation.output;
  bool typed = false;
  for (const Member& member : shape.members) {
    const json::value* value = output.if_contains(member.name);
    if (value == nullptr || value->is_null()) continue;
    if (member.location == Location::kHeader || member.location == Location::kHeaders) {
      typed = typed || equals_ignore_case(member.location_name, "Content-Type");
      write_header(member, *value, head);
    } else if (member.location == Location::kStatus && value->is_int64()) {
      head.status = static_cast<unsigned>(value->get_int64());
    }
  }
  std::string body;
  const Member* payload = shape.payload_member();
  if (payload != nullptr) {
    body = payload_body(model, protocol, operation, *payload, output.if_contains(payload->name));
  } else if (json) {
    write_json(body, shape, output, Members::kBodyOnly);
  } else if (has_body_members(shape) && operation.http_method != "HEAD") {
    body = xml_document(model, operation, shape, output);
  }
  const bool structured = payload == nullptr || payload->shape->kind == ShapeKind::kStructure;
  if (!typed && !body.empty() && structured) {
    head.headers.emplace_back("Content-Type", content_type(protocol));
  }
  return body;
}

}  // namespace clary::wire
