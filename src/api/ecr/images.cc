#include "api/ecr/operations.h"

namespace clary::api::ecr {
namespace {

using registry::Manifest;
using registry::Repository;

json::object identifier(const std::string& digest, const std::string& tag) {
  json::object id;
  if (!digest.empty()) id["imageDigest"] = digest;
  if (!tag.empty()) id["imageTag"] = tag;
  return id;
}

bool wanted(const Manifest& manifest, const json::object& input) {
  const json::object* const filter = find_object(input, "filter");
  const std::string status = filter == nullptr ? "ANY" : string_or(*filter, "tagStatus", "ANY");
  return status == "ANY" || (status == "TAGGED") != manifest.tags.empty();
}

[[noreturn]] void throw_no_image(const json::object& id, const Repository& repository) {
  throw wire::ApiError(
      "ImageNotFoundException",
      "The image with imageId {imageDigest:'" + string_or(id, "imageDigest", "null") +
          "', imageTag:'" + string_or(id, "imageTag", "null") +
          "'} does not exist within the repository with name '" + repository.name.name +
          "' in the registry with id '" + repository.name.account + "'");
}

json::object detail(const Manifest& manifest, const Repository& repository) {
  json::object result{{"registryId", repository.name.account},
                      {"repositoryName", repository.name.name},
                      {"imageDigest", manifest.digest},
                      {"imageSizeInBytes", manifest.image_bytes},
                      {"imagePushedAt", epoch_seconds(manifest.pushed)},
                      {"imageManifestMediaType", manifest.media_type}};
  if (!manifest.tags.empty()) {
    result["imageTags"] = json::array(manifest.tags.begin(), manifest.tags.end());
  }
  return result;
}

json::object failure(const json::object& id, const char* code, const char* reason) {
  return {{"imageId", id}, {"failureCode", code}, {"failureReason", reason}};
}

// The image that an identifier means, or the failure that says why there is none.
std::optional<Manifest> find(const Stores& stores, const Repository& repository,
                             const json::object& id, json::array& failures) {
  const std::string digest = string_or(id, "imageDigest"), tag = string_or(id, "imageTag");
  if (digest.empty() && tag.empty()) {
    failures.emplace_back(
        failure(id, "MissingDigestAndTag",
                "Invalid request parameters: both tag and digest cannot be null"));
    return std::nullopt;
  }
  if (!digest.empty() && !registry::is_digest(digest)) {
    failures.emplace_back(failure(id, "InvalidImageDigest",
                                  "Invalid request parameters: image digest should satisfy the "
                                  "regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'"));
    return std::nullopt;
  }
  auto manifest = stores.registry.manifest(repository.name, tag.empty() ? digest : tag);
  if (!manifest) {
    failures.emplace_back(failure(id, "ImageNotFound", "Requested image not found"));
  } else if (!digest.empty() && manifest->digest != digest) {
    failures.emplace_back(failure(id, "ImageTagDoesNotMatchDigest",
                                  "The image tag and the image digest are of different images"));
    manifest.reset();
  }
  return manifest;
}

}  // namespace

json::object list_images(const Stores& stores, const json::object& input, Call& call) {
  const Repository repository = existing(stores, input, call);
  json::object output;
  json::array all;
  for (const Manifest& manifest : stores.registry.manifests(repository.name)) {
    if (!wanted(manifest, input)) continue;
    if (manifest.tags.empty()) all.emplace_back(identifier(manifest.digest, ""));
    for (const std::string& tag : manifest.tags) all.emplace_back(identifier(manifest.digest, tag));
  }
  output["imageIds"] = page_of(std::move(all), input, output);
  return output;
}

json::object describe_images(const Stores& stores, const json::object& input, Call& call) {
  const Repository repository = existing(stores, input, call);
  json::object output;
  json::array all;
  if (const json::array* ids = find_array(input, "imageIds")) {
    for (const json::value& each : *ids) {
      json::array failures;
      const auto manifest = find(stores, repository, each.as_object(), failures);
      if (!manifest) throw_no_image(each.as_object(), repository);
      all.emplace_back(detail(*manifest, repository));
    }
  } else {
    for (const Manifest& manifest : stores.registry.manifests(repository.name)) {
      if (wanted(manifest, input)) all.emplace_back(detail(manifest, repository));
    }
  }
  output["imageDetails"] = page_of(std::move(all), input, output);
  return output;
}

json::object batch_get_image(const Stores& stores, const json::object& input, Call& call) {
  const Repository repository = existing(stores, input, call);
  json::array images, failures;
  for (const json::value& each : *find_array(input, "imageIds")) {
    const json::object& id = each.as_object();
    const auto manifest = find(stores, repository, id, failures);
    if (!manifest) continue;
    images.push_back({{"registryId", repository.name.account},
                      {"repositoryName", repository.name.name},
                      {"imageId", identifier(manifest->digest, string_or(id, "imageTag"))},
                      {"imageManifest", manifest->content},
                      {"imageManifestMediaType", manifest->media_type}});
  }
  return {{"images", std::move(images)}, {"failures", std::move(failures)}};
}

json::object batch_delete_image(const Stores& stores, const json::object& input, Call& call) {
  const Repository repository = existing(stores, input, call);
  json::array deleted, failures;
  for (const json::value& each : *find_array(input, "imageIds")) {
    const json::object& id = each.as_object();
    const auto manifest = find(stores, repository, id, failures);
    if (!manifest) continue;
    const std::string tag = string_or(id, "imageTag");
    if (string_or(id, "imageDigest").empty() && manifest->tags.size() > 1) {
      // One of several names: the image stays.
      stores.registry.remove_tag(repository.name, tag);
      deleted.emplace_back(identifier(manifest->digest, tag));
      continue;
    }
    stores.registry.remove_manifest(repository.name, manifest->digest);
    if (manifest->tags.empty()) deleted.emplace_back(identifier(manifest->digest, ""));
    for (const std::string& name : manifest->tags) {
      deleted.emplace_back(identifier(manifest->digest, name));
    }
  }
  return {{"imageIds", std::move(deleted)}, {"failures", std::move(failures)}};
}

json::object put_image(const Stores& stores, const json::object& input, Call& call) {
  using registry::PutFault;
  const Repository repository = existing(stores, input, call);
  registry::PutManifest put{.media_type = string_or(input, "imageManifestMediaType"),
                            .content = string_or(input, "imageManifest"),
                            .tag = string_or(input, "imageTag"),
                            .digest = string_or(input, "imageDigest")};
  if (put.media_type.empty()) {
    boost::system::error_code error;
    const json::value value = json::parse(put.content, error);
    if (!error && value.is_object()) put.media_type = string_or(value.get_object(), "mediaType");
  }
  if (!put.tag.empty() && !registry::is_tag(put.tag)) {
    throw wire::ApiError("InvalidParameterException",
                         "Invalid parameter at 'imageTag' failed to satisfy constraint");
  }
  const auto digest = stores.registry.put_manifest(repository.name, put);
  if (!digest) {
    switch (digest.error()) {
      case PutFault::kNoRepository:
        throw wire::ApiError("RepositoryNotFoundException", "The repository does not exist.");
      case PutFault::kBlobUnknown:
        throw wire::ApiError("LayersNotFoundException",
                             "The specified layers could not be found in the repository.");
      case PutFault::kTagImmutable:
        throw wire::ApiError("ImageTagAlreadyExistsException",
                             "The image tag '" + put.tag + "' already exists in the '" +
                                 repository.name.name +
                                 "' repository and cannot be overwritten because the repository is "
                                 "immutable.");
      case PutFault::kDigestMismatch:
        throw wire::ApiError("ImageDigestDoesNotMatchException",
                             "The provided imageDigest does not match the image's manifest.");
      case PutFault::kMalformed:
        throw wire::ApiError("InvalidParameterException",
                             "Invalid parameter at 'ImageManifest' failed to satisfy constraint: "
                             "'Invalid JSON syntax or no image manifest of schema version 2'");
    }
  }
  return {{"image",
           {{"registryId", repository.name.account},
            {"repositoryName", repository.name.name},
            {"imageId", identifier(*digest, put.tag)},
            {"imageManifest", put.content},
            {"imageManifestMediaType", put.media_type}}}};
}

}  // namespace clary::api::ecr
