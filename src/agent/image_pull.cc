#include "agent/image_pull.h"

#include "agent/workload.h"
#include "base/text.h"
#include "wire/sha256.h"

namespace clary::agent {
namespace {

// An operation of ECR, with the permissions of the job's role.
json::object call_ecr(const RunFile& run, const Clock& clock, const std::string& operation,
                      const json::object& input) {
  constexpr std::chrono::seconds kAnswerTimeout{60};
  http::ClientRequest message;
  message.method = "POST";
  message.body = json::serialize(input);
  RequestHead head;
  head.method = message.method;
  head.path = message.target;
  head.headers.add("Host", run.server.host + ":" + std::to_string(run.server.port));
  head.headers.add("Content-Type", "application/x-amz-json-1.1");
  head.headers.add("X-Amz-Target", "AmazonEC2ContainerRegistry_V20150921." + operation);
  wire::sign(head, run.credentials, run.spec.region, "ecr",
             wire::hex_digest(wire::sha256(message.body)).view(), clock.now());
  for (const auto& field : head.headers) message.headers.push_back(field);
  http::ClientResponse response;
  try {
    response = http::BlockingClient(run.server).send(message, kAnswerTimeout);
  } catch (const http::ClientError& error) {
    throw CannotLaunch(std::string("the registry does not answer: ") + error.what());
  }
  boost::system::error_code error;
  json::value value = json::parse(response.body, error);
  const json::object* const object = error ? nullptr : value.if_object();
  if (response.status != 200 || object == nullptr) {
    const std::string why = object == nullptr ? "" : string_or(*object, "message");
    throw CannotLaunch("the job's role cannot pull the image " + run.spec.image + ": " + why);
  }
  return std::move(value.get_object());
}

// "AWS:password".
std::string login(const RunFile& run, const Clock& clock) {
  const json::object answer = call_ecr(run, clock, "GetAuthorizationToken", {});
  const json::array* const data = find_array(answer, "authorizationData");
  if (data == nullptr || data->empty()) throw CannotLaunch("the registry gave no token");
  return unbase64(string_or(data->front().as_object(), "authorizationToken")).value_or("");
}

}  // namespace

void pull_image(const RunFile& run, containers::Runtime& runtime, const Clock& clock) {
  const std::string& image = run.spec.image;
  const std::string host = run.server_url.substr(run.server_url.find("://") + 3);
  if (!image.starts_with(host + "/") || !image.contains("@sha256:")) return;
  const std::string name = image.substr(host.size() + 1);
  const auto at = name.find('@');
  // Also when the machine has the image by now: it is the role that must be allowed to use it.
  const json::object answer =
      call_ecr(run, clock, "BatchGetImage",
               {{"repositoryName", name.substr(0, at)},
                {"imageIds", json::array{json::object{{"imageDigest", name.substr(at + 1)}}}}});
  if (const json::array* images = find_array(answer, "images"); !images || images->empty()) {
    throw CannotLaunch("the image " + image + " is not in the registry of the job's account");
  }
  if (runtime.image(image)) return;
  const std::string identity = login(run, clock);
  const auto colon = identity.find(':');
  if (colon == std::string::npos) throw CannotLaunch("the registry's token is damaged");
  try {
    runtime.pull(image, identity.substr(0, colon), identity.substr(colon + 1));
  } catch (const containers::RuntimeError& error) {
    throw CannotLaunch("the image " + image + " could not be pulled: " + error.what());
  }
}

}  // namespace clary::agent
