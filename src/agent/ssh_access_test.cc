// ssh between instances, with the machine's own ssh and sshd.
#include "agent/ssh_access.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "agent/test_support.h"
#include "process/sandbox.h"

namespace clary::agent {
namespace {

JobSpec with_channel(const std::string& name) {
  JobSpec spec;
  spec.launch = Launch::kEnvironment;
  spec.inputs = {
      {.name = name, .local_path = "/opt/ml/input/data/" + name, .s3_uri = "s3://b/in/"}};
  return spec;
}

TEST(SshAccessTest, IsForJobsThatBringDrivers) {
  EXPECT_TRUE(brings_drivers(with_channel("sm_drivers")));
  EXPECT_FALSE(brings_drivers(with_channel("train")));
  JobSpec image = with_channel("sm_drivers");
  image.launch = Launch::kImage;
  EXPECT_FALSE(brings_drivers(image)) << "an image has its own";
}

TEST(SshAccessTest, InstancesAgreeWithoutTalking) {
  const TestFolder folder;
  JobSpec spec = with_channel("sm_drivers");
  spec.instance_count = 2;
  spec.environment["CLARY_GANG_SECRET"] = "one";
  prepare_ssh(spec, folder.path() / "first");
  spec.instance_index = 1;
  prepare_ssh(spec, folder.path() / "second");
  prepare_ssh(spec, folder.path() / "second");  // after an agent was killed
  spec.environment["CLARY_GANG_SECRET"] = "another";
  prepare_ssh(spec, folder.path() / "stranger");
  for (const char* name : {"home/id_ed25519", "home/known_hosts", "home/authorized_keys"}) {
    const std::string first = read_file(folder.path() / "first" / name);
    EXPECT_EQ(first, read_file(folder.path() / "second" / name)) << name;
    EXPECT_NE(first, read_file(folder.path() / "stranger" / name)) << name;
  }
  EXPECT_NE(read_file(folder.path() / "first/home/host_key"),
            read_file(folder.path() / "first/home/id_ed25519"));
}

TEST(SshAccessTest, LetsInWhoHasTheKey) {
  if (!process::find_bubblewrap()) GTEST_SKIP() << process::kNoBubblewrap;
  if (access("/usr/sbin/sshd", X_OK) != 0) GTEST_SKIP() << "openssh-server is not installed";
  FakeServer server;
  server.with([](FakeServer::State& state) { state.objects["b/in/driver"] = "x"; });
  AgentRun run(server, "");
  run.spec.launch = Launch::kEnvironment;
  run.spec.python = {.name = "host", .interpreter = "/usr/bin/python3", .version = "3.11"};
  run.spec.python.base = run.spec.python.interpreter;
  run.spec.inputs = with_channel("sm_drivers").inputs;
  run.spec.command = {"bash", "-c",
                      "echo COLOUR=teal >> /etc/environment\n"
                      "/usr/sbin/sshd -D &\n"
                      "for try in $(seq 200); do\n"
                      "  ssh algo-1 'echo seen $COLOUR in $(pwd)' && break\n"
                      "  sleep 0.1\n"
                      "done\n"
                      "ssh-keygen -q -N '' -t ed25519 -f /tmp/other\n"
                      "ssh -i /tmp/other algo-1 echo let in || echo kept out\n"};
  run.start();
  ASSERT_EQ(run.exit_code(), 0);
  const std::vector<std::string> lines = server.lines();
  const auto said = [&](const char* text) { return std::ranges::count(lines, text) == 1; };
  EXPECT_TRUE(said("seen teal in /tmp"));
  EXPECT_TRUE(said("kept out"));
  EXPECT_EQ(string_or(server.outcome(), "kind"), "succeeded")
      << string_or(server.outcome(), "reason");
}

}  // namespace
}  // namespace clary::agent
