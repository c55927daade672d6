// Layers by ECR's own API; `docker push` uses the registry's protocol instead.
#include "api/ecr/operations.h"
#include "base/text.h"

namespace clary::api::ecr {
namespace {

using registry::Repository;

std::shared_ptr<registry::Upload> upload_in(const Stores& stores, const Repository& repository,
                                            const json::object& input) {
  const std::string id = string_or(input, "uploadId");
  auto upload = stores.registry.upload(repository.name, id);
  if (upload == nullptr) {
    throw wire::ApiError("UploadNotFoundException", "The upload with id '" + id +
                                                        "' does not exist in the repository '" +
                                                        repository.name.name + "'");
  }
  return upload;
}

}  // namespace

json::object batch_check_layer_availability(const Stores& stores, const json::object& input,
                                            Call& call) {
  const Repository repository = existing(stores, input, call);
  json::array layers, failures;
  for (const json::value& each : *find_array(input, "layerDigests")) {
    const std::string digest(each.as_string());
    if (!registry::is_digest(digest)) {
      failures.push_back({{"layerDigest", digest},
                          {"failureCode", "InvalidLayerDigest"},
                          {"failureReason", "Invalid request parameters: layer digest"}});
      continue;
    }
    const auto blob = stores.registry.blob(repository.name, digest);
    json::object layer{{"layerDigest", digest},
                       {"layerAvailability", blob ? "AVAILABLE" : "UNAVAILABLE"}};
    if (blob) layer["layerSize"] = blob->bytes;
    layers.emplace_back(std::move(layer));
  }
  return {{"layers", std::move(layers)}, {"failures", std::move(failures)}};
}

json::object get_download_url_for_layer(const Stores& stores, const json::object& input,
                                        Call& call) {
  const Repository repository = existing(stores, input, call);
  const std::string digest = string_or(input, "layerDigest");
  if (!stores.registry.blob(repository.name, digest)) {
    throw wire::ApiError("LayersNotFoundException",
                         "The layer with digest '" + digest +
                             "' does not exist in the repository with name '" +
                             repository.name.name + "'");
  }
  return {{"downloadUrl", (call.request.tls ? "https://" : "http://") +
                              host_of(call.request, repository.name) + "/v2/" +
                              repository.name.name + "/blobs/" + digest},
          {"layerDigest", digest}};
}

json::object initiate_layer_upload(const Stores& stores, const json::object& input, Call& call) {
  constexpr std::int64_t kPartBytes = 10 << 20;
  const Repository repository = existing(stores, input, call);
  return {{"uploadId", stores.registry.begin_upload(repository.name)}, {"partSize", kPartBytes}};
}

json::object upload_layer_part(const Stores& stores, const json::object& input, Call& call) {
  const Repository repository = existing(stores, input, call);
  const auto upload = upload_in(stores, repository, input);
  const std::string part = unbase64(string_or(input, "layerPartBlob")).value_or("");
  const std::int64_t first = find_int(input, "partFirstByte").value_or(-1),
                     last = find_int(input, "partLastByte").value_or(-1);
  if (static_cast<std::uint64_t>(first) != upload->bytes() ||
      last - first + 1 != static_cast<std::int64_t>(part.size())) {
    throw wire::ApiError(
        "InvalidLayerPartException",
        "The layer part is not valid: the next byte is " + std::to_string(upload->bytes()));
  }
  upload->append(std::as_bytes(std::span(part)));
  return {{"registryId", repository.name.account},
          {"repositoryName", repository.name.name},
          {"uploadId", upload->id()},
          {"lastByteReceived", last}};
}

json::object complete_layer_upload(const Stores& stores, const json::object& input, Call& call) {
  const Repository repository = existing(stores, input, call);
  const auto upload = upload_in(stores, repository, input);
  const std::string digest(find_array(input, "layerDigests")->at(0).as_string());
  if (upload->bytes() == 0) {
    throw wire::ApiError("EmptyUploadException", "The upload has no layer parts.");
  }
  if (stores.registry.blob(repository.name, digest)) {
    throw wire::ApiError("LayerAlreadyExistsException",
                         "Layer with digest '" + digest +
                             "' already exists in the repository with name '" +
                             repository.name.name + "'");
  }
  if (!stores.registry.finish_upload(repository.name, *upload, digest)) {
    throw wire::ApiError("InvalidLayerException",
                         "The layer digest does not match the uploaded bytes.");
  }
  return {{"registryId", repository.name.account},
          {"repositoryName", repository.name.name},
          {"uploadId", upload->id()},
          {"layerDigest", digest}};
}

}  // namespace clary::api::ecr
