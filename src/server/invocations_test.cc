#include "server/invocations.h"

#include <gtest/gtest.h>

namespace clary::server {
namespace {

using engine::EndpointRoute;
using engine::ServingInstance;
using engine::VariantRoute;

std::shared_ptr<ServingInstance> instance(const std::string& path, unsigned outstanding = 0) {
  auto made = std::make_shared<ServingInstance>();
  made->unix_path = path;
  made->outstanding = outstanding;
  return made;
}

EndpointRoute route(std::vector<VariantRoute> variants) {
  return {.account = "1",
          .region = "r",
          .name = "e",
          .in_service = true,
          .variants = std::move(variants)};
}

TEST(ChooseVariant, FollowsTheWeights) {
  const EndpointRoute endpoint =
      route({{"a", 1.0, {instance("/a")}}, {"b", 3.0, {instance("/b")}}});
  EXPECT_EQ(choose_variant(endpoint, "", 0.0)->name, "a");
  EXPECT_EQ(choose_variant(endpoint, "", 0.24)->name, "a");
  EXPECT_EQ(choose_variant(endpoint, "", 0.26)->name, "b");
  EXPECT_EQ(choose_variant(endpoint, "", 0.999999)->name, "b");
}

TEST(ChooseVariant, TakesTheTargetEvenWithoutWeight) {
  const EndpointRoute endpoint =
      route({{"a", 1.0, {instance("/a")}}, {"b", 0.0, {instance("/b")}}});
  EXPECT_EQ(choose_variant(endpoint, "b", 0.0)->name, "b");
  EXPECT_EQ(choose_variant(endpoint, "c", 0.0), nullptr);
  EXPECT_EQ(choose_variant(endpoint, "", 0.9999)->name, "a");
}

TEST(ChooseVariant, PassesOverVariantsWithoutInstance) {
  EXPECT_EQ(choose_variant(route({{"a", 1.0, {}}, {"b", 1.0, {instance("/b")}}}), "", 0.0)->name,
            "b");
  EXPECT_EQ(choose_variant(route({{"a", 1.0, {}}}), "", 0.0), nullptr);
}

TEST(ChooseInstance, PrefersTheIdleOne) {
  const VariantRoute variant{"a", 1.0, {instance("/1", 5), instance("/2", 0), instance("/3", 5)}};
  for (int i = 0; i < 6; ++i) EXPECT_EQ(choose_instance(variant)->unix_path, "/2");
  EXPECT_EQ(choose_instance(VariantRoute{}), nullptr);
}

TEST(ChooseInstance, SharesOutTies) {
  const VariantRoute variant{"a", 1.0, {instance("/1"), instance("/2")}};
  EXPECT_NE(choose_instance(variant)->unix_path, choose_instance(variant)->unix_path);
}

}  // namespace
}  // namespace clary::server
