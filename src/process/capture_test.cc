#include "process/capture.h"

#include <gtest/gtest.h>

namespace clary::process {
namespace {

using std::chrono::milliseconds;

Command shell(const std::string& script) {
  return {.arguments = {"/bin/sh", "-c", script}, .environment = {"PATH=/usr/bin:/bin"}};
}

TEST(Capture, GivesOutputAndExitCode) {
  const auto result = capture(shell("echo hello; exit 3"), milliseconds(20000));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, "hello\n");
  EXPECT_EQ(result->exit.code, 3);
}

TEST(Capture, KeepsNoMoreThanTheLimit) {
  const auto result = capture(shell("printf 0123456789; printf abc"), milliseconds(20000), 4);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, "0123");
}

TEST(Capture, KillsWhatTakesTooLong) {
  EXPECT_FALSE(capture(shell("exec sleep 1000"), milliseconds(50)));
}

TEST(Capture, SaysSoWhenThereIsNoProgram) {
  EXPECT_FALSE(capture({.arguments = {"/nonexistent/program"}}, milliseconds(1000)));
}

}  // namespace
}  // namespace clary::process
