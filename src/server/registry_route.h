// What a request of the OCI distribution protocol asks for: its path and method, nothing else.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/request.h"

namespace clary::server {

struct RegistryRoute {
  enum class What {
    kBase,
    kCatalog,
    kTags,
    kHeadManifest,
    kGetManifest,
    kPutManifest,
    kDeleteManifest,
    kHeadBlob,
    kGetBlob,
    kDeleteBlob,
    kBeginUpload,
    kUploadStatus,
    kUploadPart,
    kFinishUpload,
    kCancelUpload
  } what = What::kBase;
  std::string repository;
  std::string reference;  // tag, digest, or id of an upload
  std::map<std::string, std::string> query;
};

// Nullopt for what the protocol does not have.
std::optional<RegistryRoute> registry_route(const RequestHead& head);

// The ECR operation that does the same, whose permission it takes.
std::string_view operation_of(RegistryRoute::What what);

// "a-b" of Content-Range, which the protocol writes without unit. Nullopt when it is something
// else.
struct UploadRange {
  std::uint64_t first = 0, last = 0;
};
std::optional<UploadRange> upload_range(std::string_view text);

}  // namespace clary::server
