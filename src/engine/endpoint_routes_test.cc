#include "engine/endpoint_routes.h"

#include <gtest/gtest.h>

namespace clary::engine {
namespace {

std::shared_ptr<const EndpointRoute> route(const std::string& name, bool in_service) {
  return std::make_shared<const EndpointRoute>(EndpointRoute{
      .account = "1", .region = "r", .name = name, .in_service = in_service, .variants = {}});
}

TEST(EndpointRoutes, PublishesReplacesAndWithdraws) {
  EndpointRoutes routes;
  EXPECT_EQ(routes.find("1", "r", "e"), nullptr);
  routes.publish(route("e", false));
  const auto before = routes.find("1", "r", "e");
  const auto version = routes.version();
  routes.publish(route("e", true));
  EXPECT_GT(routes.version(), version);
  EXPECT_FALSE(before->in_service);  // a reader keeps the snapshot it got
  EXPECT_TRUE(routes.find("1", "r", "e")->in_service);
  EXPECT_EQ(routes.find("2", "r", "e"), nullptr);
  routes.withdraw("1", "r", "e");
  EXPECT_EQ(routes.find("1", "r", "e"), nullptr);
}

}  // namespace
}  // namespace clary::engine
