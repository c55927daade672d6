#include "server/registry_route.h"

#include <gtest/gtest.h>

namespace clary::server {
namespace {

using What = RegistryRoute::What;

constexpr std::string_view kDigest =
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::string_view kUpload = "01234567-89ab-4cde-8f01-23456789abcd";

std::optional<RegistryRoute> route(const std::string& method, const std::string& path,
                                   const std::string& query = "") {
  RequestHead head;
  head.method = method;
  head.path = path;
  head.query = query;
  return registry_route(head);
}

TEST(RegistryRoute, KnowsTheProtocol) {
  EXPECT_EQ(route("GET", "/v2/")->what, What::kBase);
  EXPECT_EQ(route("GET", "/v2/_catalog")->what, What::kCatalog);
  const auto manifest = route("PUT", "/v2/team/blobs/model/manifests/v1.0");
  EXPECT_EQ(manifest->what, What::kPutManifest);
  EXPECT_EQ(manifest->repository, "team/blobs/model");
  EXPECT_EQ(manifest->reference, "v1.0");
  EXPECT_EQ(route("GET", "/v2/a1/blobs/" + std::string(kDigest))->what, What::kGetBlob);
  const auto begin =
      route("POST", "/v2/a1/blobs/uploads/", "mount=" + std::string(kDigest) + "&from=b%2Fc");
  EXPECT_EQ(begin->what, What::kBeginUpload);
  EXPECT_EQ(begin->query.at("from"), "b/c");
  EXPECT_EQ(route("PATCH", "/v2/a1/blobs/uploads/" + std::string(kUpload))->what,
            What::kUploadPart);
  EXPECT_EQ(route("GET", "/v2/a1/tags/list")->what, What::kTags);
}

TEST(RegistryRoute, RefusesWhatIsNoNameOrReference) {
  for (const std::string path :
       {"/v2/../manifests/v1", "/v2/A/manifests/v1", "/v2/a1/manifests/..", "/v2/a1/blobs/sha256:1",
        "/v2/a1/blobs/uploads/..%2f..%2fx", "/v2/%2e%2e/tags/list", "/v2/a1/unknown",
        "/v2//manifests/v1", "/v2/a1/manifests/"}) {
    EXPECT_FALSE(route("GET", path)) << path;
  }
  EXPECT_FALSE(route("POST", "/v2/a1/manifests/v1"));
}

TEST(RegistryRoute, ReadsRangesOfUploads) {
  EXPECT_EQ(upload_range("5-9")->last, 9U);
  for (const char* const text : {"", "5", "9-5", "a-b", "-1-3", "bytes 0-1", "0-1x"}) {
    EXPECT_FALSE(upload_range(text)) << text;
  }
}

}  // namespace
}  // namespace clary::server
