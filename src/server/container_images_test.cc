#include "server/container_images.h"

#include <gtest/gtest.h>

namespace clary::server {
namespace {

containers::ImageInfo image(const std::string& id, std::vector<std::string> tags) {
  containers::ImageInfo info;
  info.id = id;
  info.tags = std::move(tags);
  return info;
}

std::string found(const std::vector<containers::ImageInfo>& images, std::string_view uri) {
  const containers::ImageInfo* const image = image_of_uri(images, uri);
  return image == nullptr ? "" : image->id;
}

TEST(ContainerImages, ReadsReferences) {
  EXPECT_EQ(parse_reference("model").path, "model:latest");
  EXPECT_EQ(parse_reference("team/model:1").registry, "");
  const ImageReference ecr =
      parse_reference("111122223333.dkr.ecr.us-east-1.amazonaws.com/team/model");
  EXPECT_EQ(ecr.registry, "111122223333.dkr.ecr.us-east-1.amazonaws.com");
  EXPECT_EQ(ecr.path, "team/model:latest");
  EXPECT_EQ(parse_reference("localhost:5000/a:b").path, "a:b");
  EXPECT_EQ(parse_reference("a/b:1@sha256:00").path, "a/b@sha256:00");
}

TEST(ContainerImages, TheSameNameWinsThenTheLocalOneThenAnyAccountOfEcr) {
  const std::string ecr = ".dkr.ecr.us-east-1.amazonaws.com/team/model:1";
  const std::vector images{image("other", {"222222222222" + ecr}),
                           image("local", {"localhost/team/model:1"}),
                           image("same", {"111111111111" + ecr})};
  EXPECT_EQ(found(images, "111111111111" + ecr), "same");
  EXPECT_EQ(found(images, "333333333333" + ecr), "local");
  EXPECT_EQ(found({images[0]}, "333333333333" + ecr), "other");
  EXPECT_EQ(found(images, "team/model:1"), "local");
  EXPECT_EQ(found(images, "example.com/team/model:1"), "");
  EXPECT_EQ(found(images, "team/model:2"), "");
  EXPECT_EQ(found({image("hub", {"docker.io/library/python:3"})},
                  "111111111111.dkr.ecr.us-east-1.amazonaws.com/library/python:3"),
            "");
}

TEST(ImageMap, PatternsFit) {
  EXPECT_TRUE(fits("a*c", "abbc"));
  EXPECT_TRUE(fits("*", ""));
  EXPECT_TRUE(fits("*.com/*:1", "x.com/y/z:1"));
  EXPECT_FALSE(fits("a*c", "abcd"));
  EXPECT_FALSE(fits("a", "b"));
}

}  // namespace
}  // namespace clary::server
