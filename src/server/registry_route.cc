#include "server/registry_route.h"

#include <charconv>
#include <utility>

#include "registry/store.h"

namespace clary::server {
namespace {

using What = RegistryRoute::What;

std::map<std::string, std::string> query_of(std::string_view text) {
  std::map<std::string, std::string> query;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    const auto name = uri_decode(pair.substr(0, equals), Plus::kSpace);
    const auto value = uri_decode(pair.substr(std::min(equals + 1, pair.size())), Plus::kSpace);
    if (name && value) query[*name] = *value;
  }
  return query;
}

std::optional<What> manifest_method(std::string_view method) {
  if (method == "HEAD") return What::kHeadManifest;
  if (method == "GET") return What::kGetManifest;
  if (method == "PUT") return What::kPutManifest;
  if (method == "DELETE") return What::kDeleteManifest;
  return std::nullopt;
}

std::optional<What> blob_method(std::string_view method) {
  if (method == "HEAD") return What::kHeadBlob;
  if (method == "GET") return What::kGetBlob;
  if (method == "DELETE") return What::kDeleteBlob;
  return std::nullopt;
}

std::optional<What> upload_method(std::string_view method) {
  if (method == "GET") return What::kUploadStatus;
  if (method == "PATCH") return What::kUploadPart;
  if (method == "PUT") return What::kFinishUpload;
  if (method == "DELETE") return What::kCancelUpload;
  return std::nullopt;
}

// Takes "/KIND/REFERENCE" off the end of `path`.
std::optional<std::string> reference_after(std::string_view& path, std::string_view kind) {
  const auto at = path.rfind(kind);
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  std::string reference(path.substr(at + kind.size()));
  if (reference.contains('/')) return std::nullopt;
  path = path.substr(0, at);
  return reference;
}

bool is_upload_id(std::string_view text) {
  return text.size() == 36 && text.find_first_not_of("0123456789abcdef-") == text.npos;
}

}  // namespace

std::optional<RegistryRoute> registry_route(const RequestHead& head) {
  constexpr std::string_view kPrefix = "/v2/";
  RegistryRoute route;
  const std::optional<std::string> decoded = uri_decode(head.path);
  if (!decoded || decoded->contains('\0')) return std::nullopt;
  std::string_view path = *decoded;
  route.query = query_of(head.query);
  const bool reads = head.method == "GET" || head.method == "HEAD";
  if (path == "/v2" || path == kPrefix) return reads ? std::optional(route) : std::nullopt;
  if (!path.starts_with(kPrefix)) return std::nullopt;
  path.remove_prefix(kPrefix.size());
  std::optional<What> what;
  if (path == "_catalog") {
    route.what = What::kCatalog;
    return head.method == "GET" ? std::optional(route) : std::nullopt;
  }
  if (path.ends_with("/tags/list")) {
    path.remove_suffix(std::string_view("/tags/list").size());
    if (head.method == "GET") what = What::kTags;
  } else if (path.ends_with("/blobs/uploads/") || path.ends_with("/blobs/uploads")) {
    path = path.substr(0, path.rfind("/blobs/uploads"));
    if (head.method == "POST") what = What::kBeginUpload;
  } else if (auto upload = reference_after(path, "/blobs/uploads/")) {
    if (is_upload_id(*upload)) what = upload_method(head.method);
    route.reference = std::move(*upload);
  } else if (auto blob = reference_after(path, "/blobs/")) {
    if (registry::is_digest(*blob)) what = blob_method(head.method);
    route.reference = std::move(*blob);
  } else if (auto manifest = reference_after(path, "/manifests/")) {
    if (registry::is_digest(*manifest) || registry::is_tag(*manifest)) {
      what = manifest_method(head.method);
    }
    route.reference = std::move(*manifest);
  }
  if (!what || !registry::is_repository_name(path)) return std::nullopt;
  route.what = *what;
  route.repository = path;
  return route;
}

std::string_view operation_of(What what) {
  switch (what) {
    case What::kBase:
      return "GetAuthorizationToken";
    case What::kCatalog:
      return "DescribeRepositories";
    case What::kTags:
      return "ListImages";
    case What::kHeadManifest:
    case What::kGetManifest:
      return "BatchGetImage";
    case What::kPutManifest:
      return "PutImage";
    case What::kDeleteManifest:
    case What::kDeleteBlob:
      return "BatchDeleteImage";
    case What::kHeadBlob:
      return "BatchCheckLayerAvailability";
    case What::kGetBlob:
      return "GetDownloadUrlForLayer";
    case What::kBeginUpload:
      return "InitiateLayerUpload";
    case What::kUploadStatus:
    case What::kUploadPart:
    case What::kCancelUpload:
      return "UploadLayerPart";
    case What::kFinishUpload:
      return "CompleteLayerUpload";
  }
  return "";
}

std::optional<UploadRange> upload_range(std::string_view text) {
  UploadRange range;
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto number = [](std::string_view part, std::uint64_t& value) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    return error == std::errc() && end == part.data() + part.size();
  };
  if (!number(text.substr(0, dash), range.first) || !number(text.substr(dash + 1), range.last)) {
    return std::nullopt;
  }
  return range.first <= range.last ? std::optional(range) : std::nullopt;
}

}  // namespace clary::server
