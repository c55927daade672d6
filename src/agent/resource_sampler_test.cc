#include "agent/resource_sampler.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "agent/test_support.h"

namespace clary::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

double value_of(const json::array& metrics, std::string_view name) {
  for (const json::value& metric : metrics) {
    if (string_or(metric.as_object(), "name") == name) {
      return metric.at("value").to_number<double>();
    }
  }
  return -1;
}

class ResourceSamplerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    write_file(folder_.path() / "files/a", std::string(100'000, 'x'));
    write_file(folder_.path() / "files/deep/b", std::string(100'000, 'x'));
  }
  // Version 1: a folder for each controller.
  void use_v1(std::uint64_t nanoseconds, std::uint64_t memory) {
    write_file(folder_.path() / "cpuacct/cpuacct.usage", std::to_string(nanoseconds) + "\n");
    write_file(folder_.path() / "memory/memory.usage_in_bytes", std::to_string(memory));
    write_file(folder_.path() / "memory/memory.stat",
               "cache 9\ninactive_file 1\ntotal_inactive_file 1000\n");
    write_file(folder_.path() / "memory/memory.max_usage_in_bytes", "6000");
  }
  ResourceSource v1() {
    return {.cgroups = {folder_.path() / "memory", folder_.path() / "cpuacct"}};
  }
  ResourceLimits limits() {
    return {.memory_bytes = 10'000, .volume_bytes = 1 << 20, .folder = folder_.path() / "files"};
  }
  const TestFolder folder_;
  ManualClock clock_{Timestamp(milliseconds(1'000'000))};
};

TEST_F(ResourceSamplerTest, TakesTheDifferenceBetweenSamples) {
  use_v1(5'000'000'000, 3000);
  ResourceSampler sampler(v1(), limits(), clock_);
  EXPECT_EQ(sampler.next() - clock_.steady_now(), seconds(10));
  clock_.advance(seconds(10));
  use_v1(20'000'000'000, 4000);
  const json::array first = sampler.sample();
  EXPECT_DOUBLE_EQ(value_of(first, "CPUUtilization"), 150);  // one and a half cores
  EXPECT_DOUBLE_EQ(value_of(first, "MemoryUtilization"), 30);
  EXPECT_EQ(string_or(first.front().as_object(), "unit"), "Percent");
  EXPECT_EQ(sampler.next() - clock_.steady_now(), seconds(10));
  clock_.advance(seconds(20));
  EXPECT_DOUBLE_EQ(value_of(sampler.sample(), "CPUUtilization"), 0);
  EXPECT_TRUE(sampler.only_sample().empty());
}

TEST_F(ResourceSamplerTest, AShortRunHasOneSample) {
  use_v1(0, 0);
  ResourceSampler sampler(v1(), limits(), clock_);
  clock_.advance(milliseconds(500));
  use_v1(250'000'000, 10);
  const json::array only = sampler.only_sample();
  EXPECT_DOUBLE_EQ(value_of(only, "CPUUtilization"), 50);
  EXPECT_DOUBLE_EQ(value_of(only, "MemoryUtilization"), 60);  // the highest it ever was
  EXPECT_GT(value_of(only, "DiskUtilization"), 18);
}

TEST_F(ResourceSamplerTest, ReadsVersion2) {
  write_file(folder_.path() / "g/cpu.stat", "usage_usec 2500000\nuser_usec 1\n");
  write_file(folder_.path() / "g/memory.current", "5000");
  write_file(folder_.path() / "g/memory.stat", "anon 1\ninactive_file 2000\n");
  write_file(folder_.path() / "g/memory.peak", "7000");
  const ResourceSource source{.cgroups = {folder_.path() / "g"}};
  EXPECT_DOUBLE_EQ(cpu_seconds_of(source).value_or(-1), 2.5);
  EXPECT_EQ(memory_bytes_of(source).value_or(0), 3000U);
  EXPECT_EQ(highest_memory_bytes_of(source).value_or(0), 7000U);
}

TEST_F(ResourceSamplerTest, ReadsProcessesWithoutControlGroups) {
  const ResourceSource self{.process = getpid()};
  const double before = cpu_seconds_of(self).value_or(-1);
  ASSERT_GE(before, 0);
  const clock_t began = clock();
  while (clock() - began < CLOCKS_PER_SEC / 5) {
  }
  EXPECT_GE(cpu_seconds_of(self).value_or(-1), before + 0.1);
  EXPECT_GT(memory_bytes_of(self).value_or(0), 1U << 20);
  EXPECT_FALSE(cpu_seconds_of({}));
  EXPECT_FALSE(memory_bytes_of({}));
}

TEST_F(ResourceSamplerTest, DiskUseFollowsNoLinksAndHasAnEnd) {
  std::filesystem::create_symlink("/usr", folder_.path() / "files/link");
  const auto bytes = disk_bytes_below(folder_.path() / "files", 100);
  ASSERT_TRUE(bytes);
  EXPECT_GE(*bytes, 200'000U);
  EXPECT_LT(*bytes, 400'000U);
  EXPECT_FALSE(disk_bytes_below(folder_.path() / "files", 2));
}

TEST(GpuUse, ReadsWhatNvidiaSmiPrints) {
  const auto use = gpu_use_from("25, 1000, 4000\n50, 3000, 4000\n");
  ASSERT_TRUE(use);
  EXPECT_DOUBLE_EQ(use->utilization, 75);
  EXPECT_DOUBLE_EQ(use->memory, 100);
  EXPECT_FALSE(gpu_use_from("No devices were found\n"));
  EXPECT_FALSE(gpu_use_from("[N/A], [N/A], [N/A]\n"));
}

}  // namespace
}  // namespace clary::agent
