// AWS service models in memory: every operation and shape of a service, as botocore publishes them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace clary::wire {

enum class ShapeKind {
  kStructure,
  kList,
  kMap,
  kString,
  kInteger,
  kLong,
  kFloat,
  kDouble,
  kBoolean,
  kTimestamp,
  kBlob
};

// Where a member of an HTTP-bound protocol travels.
enum class Location { kBody, kHeader, kHeaders, kUri, kQuery, kStatus };

enum class TimestampFormat { kDefault, kUnix, kIso8601, kRfc822 };

class Pattern;  // a compiled PCRE2 expression, defined in pattern.h
struct Shape;

struct Member {
  std::string name;
  const Shape* shape = nullptr;
  Location location = Location::kBody;
  std::string location_name;  // wire name where it differs from `name`, else empty
  std::string query_name;     // EC2-style override; empty for us
  bool required = false;
  bool flattened = false;
  bool xml_attribute = false;
  bool streaming = false;
  bool idempotency_token = false;
  TimestampFormat timestamp = TimestampFormat::kDefault;
};

struct Shape {
  std::string name;
  ShapeKind kind = ShapeKind::kStructure;
  // kStructure
  std::vector<Member> members;  // model order
  std::string payload;          // member that is the whole body; else empty
  bool is_union = false;
  bool is_error = false;
  bool fault = false;      // the server's fault: 500
  std::string error_code;  // where it differs from `name`
  unsigned error_status = 0;
  bool is_event_stream = false;
  bool is_document = false;  // free-form JSON
  std::string xml_namespace;
  std::string xml_namespace_prefix;
  std::string location_name;  // XML root
  // kList: element; kMap: key and value. The Member carries locationName, flattened.
  Member element, key, value;
  bool flattened = false;
  // Constraints
  std::optional<double> min, max;
  std::shared_ptr<const Pattern> pattern;
  std::string pattern_text;
  std::vector<std::string> enum_values;
  bool sensitive = false;
  bool streaming = false;
  TimestampFormat timestamp = TimestampFormat::kDefault;

  const Member* find_member(std::string_view member) const;
  // The payload member, nullptr when there is none.
  const Member* payload_member() const { return payload.empty() ? nullptr : find_member(payload); }

 private:
  friend class ModelParser;
  std::vector<std::uint16_t> by_name_;  // indices into `members`, sorted by length, then name
};

// How a List operation pages (paginators-1.json). Empty when the operation does not page; where an
// operation has several tokens or results (some of S3's), the first of them.
struct Paginator {
  std::string input_token, output_token, limit_key, result_key;
};

struct Operation {
  std::string name;
  std::string http_method;
  std::string request_uri;  // "/{Bucket}/{Key+}?acl"
  unsigned success_status = 200;
  const Shape* input = nullptr;  // nullptr: none
  const Shape* output = nullptr;
  std::string result_wrapper;                            // query protocol
  std::string input_location_name, input_xml_namespace;  // restXml root of the request
  std::vector<const Shape*> errors;
  Paginator paginator;
  bool checksum_required = false;  // httpChecksum
  bool unsigned_payload = false;
  bool no_auth = false;
  bool deprecated = false;
};

enum class Protocol { kJson10, kJson11, kRestJson, kRestXml, kQuery, kRpcV2Cbor };

class ServiceModel {
 public:
  // Parses one embedded model. Throws std::runtime_error on a damaged one (a build error).
  static std::unique_ptr<const ServiceModel> parse(std::string_view name, std::string_view data);
  ServiceModel();
  ~ServiceModel();

  const std::string& name() const { return name_; }  // "sagemaker": botocore's folder
  const std::string& signing_name() const { return signing_name_; }
  const std::string& service_id() const { return service_id_; }
  const std::string& target_prefix() const { return target_prefix_; }
  const std::string& api_version() const { return api_version_; }
  const std::string& xml_namespace() const { return xml_namespace_; }
  // The one a client chooses when nothing in a request says otherwise; for CloudWatch, query.
  Protocol protocol() const { return protocol_; }
  bool speaks(Protocol protocol) const;
  // Errors also say the code that old query clients know, in x-amzn-query-error (CloudWatch).
  bool query_compatible() const { return query_compatible_; }

  const Operation* find_operation(std::string_view operation) const;
  const std::vector<Operation>& operations() const { return operations_; }
  const Shape* find_shape(std::string_view shape) const;
  // The error shape that `code` names, by the shape's name or by its wire code; the operation's own
  // errors first. nullptr: not in the model.
  const Shape* find_error(const Operation* operation, std::string_view code) const;
  const std::vector<Shape>& shapes() const { return shapes_; }

 private:
  friend class ModelParser;
  std::string name_, signing_name_, service_id_, target_prefix_, api_version_, xml_namespace_;
  Protocol protocol_ = Protocol::kJson11;
  std::vector<Protocol> protocols_;
  bool query_compatible_ = false;
  std::vector<Shape> shapes_;  // never grows after parsing: members point into it
  std::unordered_map<std::string_view, const Shape*> shapes_by_name_;
  std::vector<Operation> operations_;
  std::unordered_map<std::string_view, const Operation*> operations_by_name_;
};

// All embedded models, each parsed when first asked for. threads: any.
class Models {
 public:
  Models();
  ~Models();
  const ServiceModel& get(std::string_view name) const;   // throws std::out_of_range
  const ServiceModel* find(std::string_view name) const;  // nullptr when not embedded
  std::vector<std::string_view> names() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::wire
