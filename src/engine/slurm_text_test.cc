#include "engine/slurm_text.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace clary::engine {
namespace {

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

TEST(SlurmText, ReadsWhatSqueuePrints) {
  const auto jobs = parse_squeue(
      "12|RUNNING|None|node[1-2]|clary-a\n"
      "garbage\n"
      "|||\n"
      "x|y|z|a|b\n"
      "13|PENDING|Resources||clary-b|with|bars\n"
      "14_7|FAILED|NonZeroExitCode|node1|array");
  ASSERT_EQ(jobs.size(), 3U);
  EXPECT_EQ(jobs[0].id, 12U);
  EXPECT_EQ(jobs[0].nodes, "node[1-2]");
  EXPECT_EQ(jobs[1].reason, "Resources");
  EXPECT_EQ(jobs[1].nodes, "");
  EXPECT_EQ(jobs[1].name, "clary-b|with|bars");
  EXPECT_TRUE(parse_squeue("").empty());
}

TEST(SlurmText, KnowsFinalAndWaitingStates) {
  for (const auto* state : {"COMPLETED", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "CANCELLED"}) {
    EXPECT_TRUE(is_final_state(state)) << state;
  }
  for (const auto* state : {"RUNNING", "COMPLETING", "PENDING", "SUSPENDED", ""}) {
    EXPECT_FALSE(is_final_state(state)) << state;
  }
  EXPECT_TRUE(is_waiting_state("PENDING"));
  EXPECT_FALSE(is_waiting_state("RUNNING"));
}

TEST(SlurmText, ReadsIdsAndNodes) {
  EXPECT_EQ(parse_job_id("123\n"), 123U);
  EXPECT_EQ(parse_job_id("123;cluster\n"), 123U);
  EXPECT_FALSE(parse_job_id("sbatch: error").has_value());
  const SlurmNode node = parse_largest_node("2|7000\n 8+|64000+\nnonsense\n");
  EXPECT_EQ(node.cpus, 8);
  EXPECT_EQ(node.memory_bytes, 64000ULL << 20);
  EXPECT_EQ(parse_largest_node("").cpus, 0);
  EXPECT_TRUE(
      is_unreachable("sbatch: error: Unable to contact slurm controller (connect failure)"));
  EXPECT_FALSE(is_unreachable("sbatch: error: invalid partition specified: x"));
}

TEST(SlurmText, AsksForWhatTheInstancePromisesUpToANode) {
  SlurmOptions options;
  options.agent_command = {"/opt/clary", "agent"};
  options.partition = "gpu";
  options.arguments = {"--qos=ml"};
  JobSpec spec;
  spec.id = "run";
  spec.instance_count = 3;
  spec.limits.cpus = 4;
  spec.limits.memory_bytes = 16ULL << 30;
  spec.limits.gpus = 2;
  const auto words = sbatch_arguments(options, spec, {2, 7000ULL << 20}, "/s/agent.sh", "/s/run");
  for (const auto* word :
       {"--nodes=3", "--ntasks=3", "--cpus-per-task=2", "--mem=7000M", "--gpus-per-node=2",
        "--partition=gpu", "--qos=ml", "--no-requeue", "--job-name=clary-run"}) {
    EXPECT_TRUE(has(words, word)) << word;
  }
  const std::vector<std::string> end(words.end() - 4, words.end());
  EXPECT_EQ(end, (std::vector<std::string>{"/s/agent.sh", "/s/run", "/opt/clary", "agent"}));
  const auto free = sbatch_arguments(options, spec, {}, "/s/agent.sh", "/s/run");
  EXPECT_TRUE(has(free, "--cpus-per-task=4"));
  EXPECT_TRUE(has(free, "--mem=16384M"));
}

TEST(SlurmText, SaysWhyAJobEnded) {
  const std::string node = slurm_reason({7, "NODE_FAIL", "NodeDown", "node2", "clary-a"});
  EXPECT_NE(node.find("Slurm job 7 of this job ended as NODE_FAIL (NodeDown) on node2"),
            std::string::npos)
      << node;
  EXPECT_TRUE(slurm_reason({7, "OUT_OF_MEMORY", "OutOfMemory", "node2", ""})
                  .starts_with("AlgorithmError: out of memory"));
  EXPECT_NE(slurm_reason({7, "TIMEOUT", "", "", ""}).find("time limit"), std::string::npos);
}

}  // namespace
}  // namespace clary::engine
