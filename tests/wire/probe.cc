// One JSON document a line in, one a line out: what the wire layer makes of a request, and what it
// answers. Lets a test hold it against the serializers and parsers of the AWS SDK for Python.
#include <iostream>

#include "base/text.h"
#include "wire/codec.h"
#include "wire/validate.h"

namespace clary::wire {
namespace {

const ServiceModel& model_of(const json::object& task) {
  static const Models kModels;
  return kModels.get(task.at("service").get_string());
}

const Router& router_of(const ServiceModel& model) {
  static std::map<const ServiceModel*, std::unique_ptr<Router>> routers;
  auto& router = routers[&model];
  if (!router) router = std::make_unique<Router>(model);
  return *router;
}

json::object decode(const json::object& task) {
  const ServiceModel& model = model_of(task);
  RequestHead head;
  head.method = task.at("method").get_string();
  head.path = task.at("path").get_string();
  head.query = task.at("query").get_string();
  for (const json::value& field : task.at("headers").get_array()) {
    head.headers.add(std::string(field.at(0).get_string()), std::string(field.at(1).get_string()));
  }
  const std::string body = unbase64(task.at("body").get_string()).value_or("");
  const Protocol protocol = protocol_of(model, head);
  Router::Match match;
  if (protocol == Protocol::kRestJson || protocol == Protocol::kRestXml) {
    match = router_of(model).match(head);
    if (match.operation == nullptr) throw ApiError("NoRoute", head.path);
  } else {
    match.operation = &operation_of(model, protocol, head, body);
  }
  const json::object input =
      decode_request(model, protocol, *match.operation, head, match.labels, body);
  return {{"operation", match.operation->name},
          {"protocol", static_cast<int>(protocol)},
          {"input", input}};
}

json::object encode(const json::object& task) {
  const ServiceModel& model = model_of(task);
  const Operation* operation = model.find_operation(task.at("operation").get_string());
  const auto protocol = static_cast<Protocol>(task.at("protocol").get_int64());
  const auto [head, body] =
      task.contains("error")
          ? encode_error(model, protocol, operation,
                         ApiError(std::string(task.at("error").get_string()), "a <message>"),
                         "request-1", "/resource")
          : encode_response(model, protocol, *operation, task.at("output").get_object(),
                            "request-1");
  json::array headers;
  for (const auto& [name, value] : head.headers) headers.push_back(json::array{name, value});
  if (head.content_length) {
    headers.push_back(json::array{"Content-Length", std::to_string(*head.content_length)});
  }
  return {{"status", head.status}, {"headers", std::move(headers)}, {"body", base64(body)}};
}

json::object answer(const std::string& line) {
  try {
    const json::value task = json::parse(line, {}, {.max_depth = 200});
    const json::object& object = task.get_object();
    return object.at("do").get_string() == "decode" ? decode(object) : encode(object);
  } catch (const ApiError& error) {
    return {{"error", error.code()}, {"message", error.what()}};
  } catch (const std::exception& error) {
    return {{"error", "exception"}, {"message", error.what()}};
  }
}

}  // namespace
}  // namespace clary::wire

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::cout << boost::json::serialize(clary::wire::answer(line)) << std::endl;
  }
}
