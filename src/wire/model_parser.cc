// Reads a model file as tools/build_models.py writes it: botocore's service-2.json, stripped.
#include <boost/json.hpp>
#include <stdexcept>

#include "base/json.h"
#include "wire/model.h"
#include "wire/pattern.h"

namespace clary::wire {

class ModelParser {
 public:
  ModelParser(std::string_view name, std::string_view data)
      : document_(json::parse(data, &memory_).get_object()),
        model_(std::make_unique<ServiceModel>()) {
    model_->name_ = name;
  }

  std::unique_ptr<const ServiceModel> run() {
    read_metadata(document_.at("metadata").get_object());
    const json::object& shapes = document_.at("shapes").get_object();
    model_->shapes_.resize(shapes.size());
    model_->shapes_by_name_.reserve(shapes.size());
    std::size_t index = 0;
    for (const auto& [name, unused] : shapes) {
      Shape& shape = model_->shapes_[index++];
      shape.name = name;
      model_->shapes_by_name_.emplace(shape.name, &shape);
    }
    index = 0;
    for (const auto& [name, value] : shapes)
      read_shape(model_->shapes_[index++], value.get_object());
    read_operations(document_.at("operations").get_object());
    read_paginators(document_.at("pagination").get_object());
    return std::move(model_);
  }

 private:
  static bool flag(const json::object& object, std::string_view name) {
    return find_bool(object, name).value_or(false);
  }

  static TimestampFormat timestamp(const json::object& object) {
    const std::string_view text = find_string(object, "timestampFormat").value_or("");
    if (text == "unixTimestamp") return TimestampFormat::kUnix;
    if (text == "iso8601") return TimestampFormat::kIso8601;
    if (text == "rfc822") return TimestampFormat::kRfc822;
    return TimestampFormat::kDefault;
  }

  static Location location(const json::object& object) {
    const std::string_view text = find_string(object, "location").value_or("");
    if (text == "header") return Location::kHeader;
    if (text == "headers") return Location::kHeaders;
    if (text == "uri") return Location::kUri;
    if (text == "querystring") return Location::kQuery;
    if (text == "statusCode") return Location::kStatus;
    return Location::kBody;
  }

  static ShapeKind kind(std::string_view type) {
    static const std::unordered_map<std::string_view, ShapeKind> kKinds = {
        {"structure", ShapeKind::kStructure},
        {"list", ShapeKind::kList},
        {"map", ShapeKind::kMap},
        {"string", ShapeKind::kString},
        {"character", ShapeKind::kString},
        {"integer", ShapeKind::kInteger},
        {"long", ShapeKind::kLong},
        {"float", ShapeKind::kFloat},
        {"double", ShapeKind::kDouble},
        {"boolean", ShapeKind::kBoolean},
        {"timestamp", ShapeKind::kTimestamp},
        {"blob", ShapeKind::kBlob}};
    const auto found = kKinds.find(type);
    if (found == kKinds.end()) throw std::runtime_error("shape type " + std::string(type));
    return found->second;
  }

  static Protocol protocol(std::string_view text, std::string_view json_version) {
    if (text == "json") return json_version == "1.0" ? Protocol::kJson10 : Protocol::kJson11;
    if (text == "rest-json") return Protocol::kRestJson;
    if (text == "rest-xml") return Protocol::kRestXml;
    if (text == "query") return Protocol::kQuery;
    if (text == "smithy-rpc-v2-cbor") return Protocol::kRpcV2Cbor;
    throw std::runtime_error("protocol " + std::string(text));
  }

  const Shape* shape_named(std::string_view name) const {
    const Shape* shape = model_->find_shape(name);
    if (shape == nullptr) throw std::runtime_error("no shape " + std::string(name));
    return shape;
  }

  void read_metadata(const json::object& metadata) {
    model_->signing_name_ =
        find_string(metadata, "signingName").value_or(metadata.at("endpointPrefix").get_string());
    model_->service_id_ = string_or(metadata, "serviceId");
    model_->target_prefix_ = string_or(metadata, "targetPrefix");
    model_->api_version_ = string_or(metadata, "apiVersion");
    model_->xml_namespace_ = string_or(metadata, "xmlNamespace");
    // S3's model does not carry it; every S3 document does.
    if (model_->name_ == "s3") model_->xml_namespace_ = "http://s3.amazonaws.com/doc/2006-03-01/";
    model_->query_compatible_ = flag(metadata, "awsQueryCompatible");
    const std::string version = string_or(metadata, "jsonVersion");
    for (const json::value& one : metadata.at("protocols").get_array()) {
      model_->protocols_.push_back(protocol(one.get_string(), version));
    }
    model_->protocol_ = model_->speaks(Protocol::kQuery)
                            ? Protocol::kQuery
                            : protocol(metadata.at("protocol").get_string(), version);
  }

  void read_reference(Member& member, const json::object& reference) {
    member.shape = shape_named(reference.at("shape").get_string());
    member.location = location(reference);
    member.location_name = string_or(reference, "locationName");
    if (member.location_name == member.name) member.location_name.clear();
    member.query_name = string_or(reference, "queryName");
    member.flattened = flag(reference, "flattened");
    member.xml_attribute = flag(reference, "xmlAttribute");
    member.streaming = flag(reference, "streaming");
    member.idempotency_token = flag(reference, "idempotencyToken");
    member.timestamp = timestamp(reference);
  }

  void read_shape(Shape& shape, const json::object& source) {
    shape.kind = kind(source.at("type").get_string());
    if (const json::object* members = find_object(source, "members")) {
      read_members(shape, *members);
    }
    if (const json::array* required = find_array(source, "required")) {
      for (const json::value& name : *required) {
        for (Member& member : shape.members) {
          if (member.name == name.get_string()) member.required = true;
        }
      }
    }
    for (const auto& [name, member] :
         {std::pair{"member", &shape.element}, {"key", &shape.key}, {"value", &shape.value}}) {
      if (const json::object* reference = find_object(source, name)) {
        read_reference(*member, *reference);
      }
    }
    read_traits(shape, source);
    read_constraints(shape, source);
  }

  void read_members(Shape& shape, const json::object& members) {
    shape.members.resize(members.size());
    std::size_t index = 0;
    for (const auto& [name, reference] : members) {
      shape.by_name_.push_back(static_cast<std::uint16_t>(index));
      shape.members[index].name = name;
      read_reference(shape.members[index++], reference.get_object());
    }
    std::sort(shape.by_name_.begin(), shape.by_name_.end(), [&](auto left, auto right) {
      const std::string& a = shape.members[left].name;
      const std::string& b = shape.members[right].name;
      return a.size() != b.size() ? a.size() < b.size() : a < b;
    });
  }

  static void read_traits(Shape& shape, const json::object& source) {
    shape.payload = string_or(source, "payload");
    shape.is_union = flag(source, "union");
    shape.is_error = flag(source, "exception");
    shape.fault = flag(source, "fault");
    if (const json::object* error = find_object(source, "error")) {
      shape.error_code = string_or(*error, "code");
      shape.error_status = static_cast<unsigned>(find_int(*error, "httpStatusCode").value_or(0));
    }
    shape.is_event_stream = flag(source, "eventstream");
    shape.is_document = flag(source, "document");
    if (const json::object* xml = find_object(source, "xmlNamespace")) {
      shape.xml_namespace = string_or(*xml, "uri");
      shape.xml_namespace_prefix = string_or(*xml, "prefix");
    }
    shape.location_name = string_or(source, "locationName");
    shape.flattened = flag(source, "flattened");
    shape.sensitive = flag(source, "sensitive");
    shape.streaming = flag(source, "streaming");
    shape.timestamp = timestamp(source);
  }

  void read_constraints(Shape& shape, const json::object& source) {
    shape.min = find_double(source, "min");
    shape.max = find_double(source, "max");
    shape.pattern_text = string_or(source, "pattern");
    if (!shape.pattern_text.empty()) {
      auto& pattern = patterns_[shape.pattern_text];
      if (!pattern) pattern = std::make_shared<const Pattern>(shape.pattern_text);
      shape.pattern = pattern;
    }
    if (const json::array* values = find_array(source, "enum")) {
      shape.enum_values.reserve(values->size());
      for (const json::value& value : *values) shape.enum_values.emplace_back(value.get_string());
    }
  }

  void read_operations(const json::object& operations) {
    model_->operations_.resize(operations.size());
    std::size_t index = 0;
    for (const auto& [name, value] : operations) {
      Operation& operation = model_->operations_[index++];
      operation.name = name;
      read_operation(operation, value.get_object());
      model_->operations_by_name_.emplace(operation.name, &operation);
    }
  }

  void read_operation(Operation& operation, const json::object& source) {
    const json::object& http = source.at("http").get_object();
    operation.http_method = string_or(http, "method");
    operation.request_uri = string_or(http, "requestUri");
    operation.success_status = static_cast<unsigned>(find_int(http, "responseCode").value_or(200));
    // The model says nothing; the service answers that there is no content (ceph/s3-tests hold it
    // to that).
    if (operation.name == "PutBucketPolicy") operation.success_status = 204;
    if (const json::object* input = find_object(source, "input")) {
      operation.input = shape_named(input->at("shape").get_string());
      operation.input_location_name = string_or(*input, "locationName");
      if (const json::object* xml = find_object(*input, "xmlNamespace")) {
        operation.input_xml_namespace = string_or(*xml, "uri");
      }
    }
    if (const json::object* output = find_object(source, "output")) {
      operation.output = shape_named(output->at("shape").get_string());
      operation.result_wrapper = string_or(*output, "resultWrapper");
    }
    if (const json::array* errors = find_array(source, "errors")) {
      for (const json::value& error : *errors) {
        operation.errors.push_back(shape_named(error.get_string()));
      }
    }
    if (const json::object* checksum = find_object(source, "httpChecksum")) {
      operation.checksum_required = flag(*checksum, "requestChecksumRequired");
    }
    operation.unsigned_payload = flag(source, "unsignedPayload");
    operation.no_auth = find_string(source, "authtype") == "none";
    operation.deprecated = flag(source, "deprecated");
  }

  // A paginator's member: a name, or several of which the first counts.
  static std::string first_name(const json::object& page, std::string_view name) {
    const json::value* value = page.if_contains(name);
    if (value == nullptr) return {};
    if (value->is_array()) value = &value->get_array().at(0);
    return std::string(value->get_string());
  }

  void read_paginators(const json::object& pages) {
    for (Operation& operation : model_->operations_) {
      const json::object* page = find_object(pages, operation.name);
      if (page == nullptr) continue;
      operation.paginator = {.input_token = first_name(*page, "input_token"),
                             .output_token = first_name(*page, "output_token"),
                             .limit_key = first_name(*page, "limit_key"),
                             .result_key = first_name(*page, "result_key")};
    }
  }

  json::monotonic_resource memory_;
  json::object document_;
  std::unique_ptr<ServiceModel> model_;
  std::unordered_map<std::string, std::shared_ptr<const Pattern>> patterns_;
};

std::unique_ptr<const ServiceModel> ServiceModel::parse(std::string_view name,
                                                        std::string_view data) {
  return ModelParser(name, data).run();
}

}  // namespace clary::wire
