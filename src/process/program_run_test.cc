#include "process/program_run.h"

#include <gtest/gtest.h>

namespace clary::process {
namespace {

using std::chrono::milliseconds;

Command shell(const std::string& script) {
  return {.arguments = {"/bin/sh", "-c", script}, .environment = {"PATH=/usr/bin:/bin"}};
}

TEST(ProgramRun, GivesOutputAndExitCode) {
  const auto result = try_program(shell("echo hello; echo bad >&2; exit 3"), milliseconds(20000));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, "hello\n");
  EXPECT_EQ(result->error, "bad\n");
  EXPECT_EQ(result->exit.code, 3);
}

TEST(ProgramRun, KeepsNoMoreThanTheLimit) {
  const auto result = try_program(shell("printf 0123456789; printf abc"), milliseconds(20000), 4);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, "0123");
}

TEST(ProgramRun, KillsWhatTakesTooLong) {
  EXPECT_FALSE(try_program(shell("exec sleep 1000"), milliseconds(50)));
}

TEST(ProgramRun, SaysSoWhenThereIsNoProgram) {
  EXPECT_FALSE(try_program({.arguments = {"/nonexistent/program"}}, milliseconds(1000)));
}

}  // namespace
}  // namespace clary::process
