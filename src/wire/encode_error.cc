// Errors as each protocol writes them.
#include "wire/cbor.h"
#include "wire/codec.h"
#include "wire/error_facts.h"
#include "wire/json_codec.h"
#include "wire/response_heads.h"
#include "wire/xml_writer.h"

namespace clary::wire {
namespace {

// "Message" or "message": as the error's shape spells it; the latter for what no model lists.
std::string_view message_member(const Shape* shape) {
  if (shape != nullptr && shape->find_member("Message") != nullptr) return "Message";
  return "message";
}

// The members of the error's body: its message, and of the details what the shape knows.
json::object error_members(const ErrorFacts& facts, const ApiError& error) {
  json::object members;
  members[message_member(facts.shape)] = error.what();
  for (const auto& [name, value] : error.details()) {
    if (facts.shape != nullptr && facts.shape->find_member(name) != nullptr) members[name] = value;
  }
  return members;
}

// "com.amazonaws.cloudwatch#ResourceNotFound": JSON 1.0 and CBOR name the model's namespace.
std::string qualified(const ServiceModel& model, const std::string& type) {
  return "com.amazonaws." + model.name() + "#" + type;
}

std::string json_body(const ServiceModel& model, Protocol protocol, const ErrorFacts& facts,
                      const ApiError& error) {
  std::string body = "{";
  if (protocol != Protocol::kRestJson) {
    body += "\"__type\":";
    write_json_string(body,
                      protocol == Protocol::kJson10 ? qualified(model, facts.type) : facts.type);
    body.push_back(',');
  }
  write_json_string(body, message_member(facts.shape));
  body.push_back(':');
  write_json_string(body, error.what());
  if (facts.shape != nullptr) {
    std::string rest;
    json::object details = error_members(facts, error);
    details.erase(message_member(facts.shape));
    write_json(rest, *facts.shape, details);
    if (rest.size() > 2) body += "," + rest.substr(1, rest.size() - 2);
  }
  return body + "}";
}

std::string query_body(const ServiceModel& model, const ErrorFacts& facts, const ApiError& error,
                       std::string_view request_id) {
  std::string body = "<ErrorResponse xmlns=\"" + model.xml_namespace() + "\">\n  <Error>\n";
  body += facts.receiver ? "    <Type>Receiver</Type>\n" : "    <Type>Sender</Type>\n";
  append_xml_element(body, "Code", facts.code);
  append_xml_element(body, "Message", error.what());
  body += "\n  </Error>\n";
  append_xml_element(body, "RequestId", request_id);
  return body + "\n</ErrorResponse>\n";
}

std::string s3_body(const ErrorFacts& facts, const ApiError& error, std::string_view request_id,
                    std::string_view resource) {
  std::string body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>";
  const std::string_view given = error.what();
  append_xml_element(body, "Code", facts.code);
  append_xml_element(body, "Message", given.empty() ? s3_message(facts.code) : given);
  for (const auto& [name, value] : error.details()) {
    append_xml_element(
        body, name, value.is_string() ? std::string(value.get_string()) : json::serialize(value));
  }
  if (!resource.empty()) append_xml_element(body, "Resource", resource);
  append_xml_element(body, "RequestId", request_id);
  append_xml_element(body, "HostId", s3_host_id(request_id));
  return body + "</Error>";
}

std::string cbor_body(const ServiceModel& model, const ErrorFacts& facts, const ApiError& error) {
  CborWriter writer;
  const json::object members = error_members(facts, error);
  writer.map(members.size() + 1);
  writer.text("__type");
  writer.text(qualified(model, facts.type));
  for (const auto& [name, value] : members) {
    writer.text(name);
    if (const Member* member = facts.shape == nullptr ? nullptr : facts.shape->find_member(name)) {
      write_cbor_value(writer, *member->shape, value);
    } else {
      writer.text(value.get_string());
    }
  }
  return writer.take();
}

}  // namespace

std::pair<ResponseHead, std::string> encode_error(const ServiceModel& model, Protocol protocol,
                                                  const Operation* operation, const ApiError& error,
                                                  std::string_view request_id,
                                                  std::string_view resource) {
  const ErrorFacts facts = error_facts(model, protocol, operation, error);
  ResponseHead head = response_head(model, protocol, request_id);
  head.status = facts.status;
  const bool bodyless = (operation != nullptr && operation->http_method == "HEAD") ||
                        facts.status == 304 || facts.status == 204;
  if (model.query_compatible() && protocol != Protocol::kQuery) {
    head.headers.emplace_back("x-amzn-query-error",
                              facts.code + (facts.receiver ? ";Receiver" : ";Sender"));
  }
  std::string body;
  switch (protocol) {
    case Protocol::kRestJson:
      head.headers.emplace_back("x-amzn-ErrorType", facts.type);
      [[fallthrough]];
    case Protocol::kJson10:
    case Protocol::kJson11:
      body = json_body(model, protocol, facts, error);
      break;
    case Protocol::kQuery:
      body = query_body(model, facts, error, request_id);
      break;
    case Protocol::kRestXml:
      body = s3_body(facts, error, request_id, resource);
      break;
    case Protocol::kRpcV2Cbor:
      body = cbor_body(model, facts, error);
      break;
  }
  if (bodyless) body.clear();
  if (!body.empty()) head.headers.emplace_back("Content-Type", content_type(protocol));
  return {std::move(head), std::move(body)};
}

}  // namespace clary::wire
