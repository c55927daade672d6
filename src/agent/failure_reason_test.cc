#include "agent/failure_reason.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "agent/s3_client.h"
#include "agent/stage_in.h"
#include "agent/workload.h"
#include "base/errors.h"

namespace clary::agent {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

template <class Error>
std::string reason(Error error) {
  return reason_of(std::make_exception_ptr(error), "Data download failed");
}

S3Failure s3(unsigned status, const char* code, const char* message) {
  return {status, code, message, {"data", "train/a.csv"}};
}

TEST(FailureReason, ARefusalNamesActionAndRemedy) {
  EXPECT_THAT(
      reason(s3(403, "AccessDenied",
                "User: arn:aws:sts::000000000000:assumed-role/Job/x is not authorized to perform: "
                "s3:GetObject on resource: \"arn:aws:s3:::data/train/a.csv\" because no "
                "identity-based policy allows the s3:GetObject action")),
      AllOf(StartsWith("ClientError: Data download failed: AccessDenied (403): User: "),
            HasSubstr("s3://data/train/a.csv"),
            EndsWith("Allow the job's role s3:GetObject there (iam:PutRolePolicy, or the bucket's "
                     "or key's policy), or give the job another RoleArn.")));
}

TEST(FailureReason, EveryFailureOfS3EndsWithWhatToDo) {
  EXPECT_THAT(reason(s3(404, "NoSuchBucket", "The specified bucket does not exist")),
              EndsWith(". Create the bucket, or correct the S3 URI."));
  EXPECT_THAT(reason(s3(404, "NoSuchKey", "The specified key does not exist.")),
              HasSubstr("Check the S3 URI"));
  EXPECT_THAT(reason(s3(400, "KMS.DisabledException", "the key is disabled")),
              HasSubstr("Enable the KMS key"));
  EXPECT_THAT(reason(s3(400, "ExpiredToken", "The provided token has expired.")),
              HasSubstr("start the job again"));
  EXPECT_THAT(reason(s3(503, "Unavailable", "cannot connect")),
              AllOf(StartsWith("InternalServerError: "), HasSubstr("start the job again")));
  EXPECT_THAT(reason(s3(412, "PreconditionFailed", "changed")), HasSubstr("start the job again"));
}

TEST(FailureReason, DisksAndMachines) {
  EXPECT_THAT(reason(StorageError("spool: No space", StorageError::Kind::kFull)),
              AllOf(StartsWith("ClientError: "), HasSubstr("Free space on the machine's disk")));
  EXPECT_THAT(reason(StorageError("read: I/O error")),
              AllOf(StartsWith("InternalServerError: "), HasSubstr("Check the disk")));
  EXPECT_THAT(reason(std::runtime_error("odd")), HasSubstr("Please try again"));
  EXPECT_EQ(reason(CannotLaunch("no bubblewrap; install it")),
            "ClientError: no bubblewrap; install it");
}

TEST(FailureReason, OutOfMemoryNamesLimitAndLargerType) {
  EndedWorkload ended;
  ended.exit.signal = SIGKILL;
  ended.out_of_memory = true;
  ended.memory_limit = std::uint64_t{8} << 30;
  ended.instance_type = "ml.m5.large";
  EXPECT_THAT(reason_of(ended),
              AllOf(StartsWith("ClientError: out of memory: "),
                    HasSubstr("the 8.0 GiB of the instance type ml.m5.large"),
                    HasSubstr("such as ml.m5.xlarge"), EndsWith(", exit code: 137")));
}

TEST(FailureReason, LargerTypes) {
  EXPECT_EQ(larger_instance_type("ml.t3.medium"), "ml.t3.large");
  EXPECT_EQ(larger_instance_type("ml.c5.2xlarge"), "ml.c5.4xlarge");
  EXPECT_EQ(larger_instance_type("ml.t3.2xlarge"), std::nullopt);
  EXPECT_EQ(larger_instance_type("ml.p3.16xlarge"), std::nullopt);
  EXPECT_EQ(larger_instance_type(""), std::nullopt);
}

TEST(FailureReason, AFullVolumeSaysHowToGetMore) {
  EndedWorkload ended;
  ended.exit.code = 1;
  ended.last_error = "OSError: [Errno 28] No space left on device";
  ended.volume_bytes = std::uint64_t{10} << 30;
  EXPECT_THAT(reason_of(ended), AllOf(StartsWith("AlgorithmError: OSError: [Errno 28]"),
                                      HasSubstr("10 GB: ask for more with VolumeSizeInGB")));
  ended.last_error.clear();
  ended.exit = {.code = 0, .signal = SIGXFSZ};
  EXPECT_THAT(reason_of(ended),
              AllOf(StartsWith("ClientError: a file became larger"), HasSubstr("VolumeSizeInGB")));
}

TEST(FailureReason, TheProgramsOwnWordsStayAsTheyAre) {
  EndedWorkload ended;
  ended.exit.code = 2;
  ended.failure = "the column \"age\" is missing";
  EXPECT_EQ(reason_of(ended), "AlgorithmError: the column \"age\" is missing, exit code: 2");
  ended.failure = "ClientError: bad eta";
  EXPECT_EQ(reason_of(ended), "ClientError: bad eta, exit code: 2");
}

TEST(FailureReason, AProgramThatSaysNothing) {
  EndedWorkload ended;
  ended.exit.code = 3;
  EXPECT_THAT(reason_of(ended), AllOf(HasSubstr("check its log"), EndsWith(", exit code: 3")));
  ended.exit = {.code = 0, .signal = SIGSEGV};
  EXPECT_THAT(reason_of(ended), AllOf(HasSubstr("signal 11"), EndsWith(", exit code: 139")));
}

TEST(FailureReason, IsNeverTooLong) {
  EndedWorkload ended;
  ended.exit.code = 1;
  ended.failure = std::string(5000, 'x');
  EXPECT_LE(reason_of(ended).size(), kLongestReason);
  EXPECT_THAT(reason_of(ended), EndsWith(", exit code: 1"));
}

}  // namespace
}  // namespace clary::agent
