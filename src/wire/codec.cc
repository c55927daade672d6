#include "wire/codec.h"

#include "wire/cbor.h"
#include "wire/json_codec.h"
#include "wire/query_reader.h"
#include "wire/response_heads.h"
#include "wire/rest.h"
#include "wire/xml_writer.h"

namespace clary::wire {
namespace {

const Shape& no_members() {
  static const Shape kEmpty;
  return kEmpty;
}

// Query parameters come in the body of a POST or in the URL of a GET.
std::string_view form_of(const RequestHead& head, std::string_view body) {
  return head.method == "GET" || body.empty() ? std::string_view(head.query) : body;
}

ApiError unknown_operation(const std::string& name) {
  return ApiError(
      "UnknownOperationException",
      name.empty() ? "The request names no operation" : "The operation " + name + " is not known",
      400);
}

// Clients of CloudTrail leave out "com.amazonaws.cloudtrail.v20131101." (its model's namespace, as
// AWS's SDK for JavaScript does), and AWS takes both.
bool names_service(const ServiceModel& model, std::string_view prefix) {
  const std::string_view whole = model.target_prefix();
  if (prefix == whole) return true;
  return whole.size() > prefix.size() + 1 && !prefix.empty() && whole.ends_with(prefix) &&
         whole[whole.size() - prefix.size() - 1] == '.';
}

const Operation& json_operation(const ServiceModel& model, const RequestHead& head) {
  const std::string_view target = head.headers.get("X-Amz-Target");
  const auto dot = target.rfind('.');
  if (dot == std::string_view::npos || !names_service(model, target.substr(0, dot))) {
    throw unknown_operation(std::string(target));
  }
  const std::string_view type = head.headers.get("Content-Type");
  if (!type.starts_with("application/x-amz-json") && !type.starts_with("application/json")) {
    throw ApiError(
        "UnknownOperationException",
        "Content-Type must be application/x-amz-json-1.1 or -1.0, not '" + std::string(type) + "'",
        404);
  }
  const Operation* operation = model.find_operation(target.substr(dot + 1));
  if (operation == nullptr) throw unknown_operation(std::string(target.substr(dot + 1)));
  return *operation;
}

const Operation& query_operation(const ServiceModel& model, std::string_view form) {
  const std::string action = form_field(form, "Action");
  if (action.empty()) {
    throw ApiError("MissingAction", "The request is missing an action or a required parameter.",
                   400);
  }
  const Operation* operation = model.find_operation(action);
  const std::string version = form_field(form, "Version");
  const bool right_version = version.empty() || version == model.api_version();
  if (operation == nullptr || !right_version) {
    throw ApiError("InvalidAction",
                   "Could not find operation " + action + " for version " +
                       (version.empty() ? model.api_version() : version),
                   400);
  }
  return *operation;
}

// /service/GraniteServiceVersion20100801/operation/PutMetricData
const Operation& cbor_operation(const ServiceModel& model, const RequestHead& head) {
  const std::string prefix = "/service/" + model.target_prefix() + "/operation/";
  // The path may carry whatever stands before it in the endpoint's URL.
  const auto at = head.path.find(prefix);
  const std::string name = at == std::string::npos ? "" : head.path.substr(at + prefix.size());
  const Operation* operation = model.find_operation(name);
  if (operation == nullptr) throw unknown_operation(name);
  return *operation;
}

std::string query_response(const ServiceModel& model, const Operation& operation,
                           const json::object& output, std::string_view request_id) {
  std::string body = "<" + operation.name + "Response xmlns=\"" + model.xml_namespace() + "\">\n";
  if (operation.output != nullptr) {
    const std::string& wrapper = operation.result_wrapper;
    if (!wrapper.empty()) body += "  <" + wrapper + ">";
    write_xml_members(body, *operation.output, output);
    if (!wrapper.empty()) body += "</" + wrapper + ">\n";
  }
  body += "  <ResponseMetadata>";
  append_xml_element(body, "RequestId", request_id);
  return body + "</ResponseMetadata>\n</" + operation.name + "Response>\n";
}

}  // namespace

Protocol protocol_of(const ServiceModel& model, const RequestHead& head) {
  if (model.speaks(Protocol::kRpcV2Cbor) && head.headers.get("smithy-protocol") == "rpc-v2-cbor") {
    return Protocol::kRpcV2Cbor;
  }
  const bool json = model.speaks(Protocol::kJson10) || model.speaks(Protocol::kJson11);
  if (json && head.headers.find("X-Amz-Target")) {
    if (!model.speaks(Protocol::kJson11)) return Protocol::kJson10;
    // Clients of one version reach services of the other; AWS answers in the request's.
    return head.headers.get("Content-Type").starts_with("application/x-amz-json-1.0")
               ? Protocol::kJson10
               : Protocol::kJson11;
  }
  return model.protocol();
}

const Operation& operation_of(const ServiceModel& model, Protocol protocol, const RequestHead& head,
                              std::string_view body) {
  switch (protocol) {
    case Protocol::kQuery:
      return query_operation(model, form_of(head, body));
    case Protocol::kRpcV2Cbor:
      return cbor_operation(model, head);
    default:
      return json_operation(model, head);
  }
}

json::object decode_request(const ServiceModel& model, Protocol protocol,
                            const Operation& operation, const RequestHead& head,
                            const std::vector<std::pair<std::string, std::string>>& labels,
                            std::string_view body) {
  const Shape& shape = operation.input != nullptr ? *operation.input : no_members();
  switch (protocol) {
    case Protocol::kJson10:
    case Protocol::kJson11:
      return decode_json(shape, body);
    case Protocol::kQuery:
      return decode_query(shape, form_of(head, body));
    case Protocol::kRpcV2Cbor:
      return decode_cbor(shape, body);
    case Protocol::kRestJson:
    case Protocol::kRestXml:
      return decode_rest(model, protocol, operation, head, labels, body);
  }
  return {};
}

std::pair<ResponseHead, std::string> encode_response(const ServiceModel& model, Protocol protocol,
                                                     const Operation& operation,
                                                     const json::object& output,
                                                     std::string_view request_id) {
  ResponseHead head = response_head(model, protocol, request_id);
  head.status = operation.success_status;
  const Shape& shape = operation.output != nullptr ? *operation.output : no_members();
  std::string body;
  switch (protocol) {
    case Protocol::kJson10:
    case Protocol::kJson11:
      body.reserve(1024);
      if (operation.output != nullptr) write_json(body, shape, output);
      break;
    case Protocol::kQuery:
      body = query_response(model, operation, output, request_id);
      break;
    case Protocol::kRpcV2Cbor:
      body = encode_cbor(shape, output);
      break;
    case Protocol::kRestJson:
    case Protocol::kRestXml:
      body = encode_rest(model, protocol, operation, output, head);
      return {std::move(head), std::move(body)};
  }
  head.headers.emplace_back("Content-Type", content_type(protocol));
  return {std::move(head), std::move(body)};
}

}  // namespace clary::wire
