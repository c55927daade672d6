#include "agent/failure_reason.h"

#include <signal.h>
#include <spdlog/fmt/fmt.h>

#include <array>

#include "agent/s3_client.h"
#include "agent/stage_in.h"
#include "agent/workload.h"
#include "base/errors.h"
#include "base/json.h"

namespace clary::agent {
namespace {

// At most `limit` bytes, cut at the start of a character.
std::string shortened(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0U) == 0x80) --limit;
  text.resize(limit);
  return text;
}

double gibibytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / (1ULL << 30);
}

std::string out_of_memory(const EndedWorkload& ended) {
  const std::string which =
      ended.instance_type.empty() ? "its instance" : "the instance type " + ended.instance_type;
  const auto larger = larger_instance_type(ended.instance_type);
  return fmt::format(
      "ClientError: out of memory: the algorithm used more than the {:.1f} GiB of {} and was "
      "killed. Please use an instance type with more memory{}, or reduce the size of the data "
      "processed on an instance.",
      gibibytes(ended.memory_limit), which, larger ? ", such as " + *larger : "");
}

// What the program itself said when it could not write.
bool ran_out_of_disk(const EndedWorkload& ended) {
  for (const std::string* text : {&ended.failure, &ended.last_error}) {
    for (const std::string_view sign : {"No space left on device", "Disk quota exceeded"}) {
      if (text->find(sign) != std::string::npos) return true;
    }
  }
  return false;
}

bool wrote_too_large_a_file(const EndedWorkload& ended) {
  return ended.exit.signal == SIGXFSZ ||
         ended.failure.find("File too large") != std::string::npos ||
         ended.last_error.find("File too large") != std::string::npos;
}

std::string more_disk(const EndedWorkload& ended) {
  if (ended.volume_bytes == 0) {
    return "Free space on the machine, or write less, and start the job again";
  }
  return fmt::format(
      "The storage volume has {:.0f} GB: ask for more with VolumeSizeInGB, or free space on the "
      "machine, and start the job again",
      gibibytes(ended.volume_bytes));
}

std::string with_advice(const std::string& text, const EndedWorkload& ended) {
  if (wrote_too_large_a_file(ended)) {
    return "ClientError: a file became larger than the storage volume. " + more_disk(ended);
  }
  if (ran_out_of_disk(ended)) return text + ". " + more_disk(ended);
  if (!text.empty()) return text;
  if (ended.exit.signal != 0) {
    return fmt::format(
        "the program was ended by signal {} and said nothing. Please check its log for what it did "
        "last",
        ended.exit.signal);
  }
  return "the program gave no reason. Please check its log; a program can write one to "
         "/opt/ml/output/failure";
}

// S3's message names who may not do what on which resource; what is to be done about it follows.
std::string advice_for(const S3Failure& failure) {
  const std::string& code = failure.code();
  const std::string text = failure.what();
  if (code == "AccessDenied") {
    constexpr std::string_view kPerform = "perform: ";
    std::string action = "this";
    if (const auto at = text.find(kPerform); at != std::string::npos) {
      const auto begin = at + kPerform.size();
      action = text.substr(begin, text.find(' ', begin) - begin);
    }
    return "Allow the job's role " + action +
           " there (iam:PutRolePolicy, or the bucket's or key's policy), or give the job another "
           "RoleArn";
  }
  if (code == "NoSuchBucket") return "Create the bucket, or correct the S3 URI";
  if (code == "NoSuchKey" || failure.status() == 404) {
    return "Check the S3 URI: nothing is stored there, or it was deleted meanwhile";
  }
  if (code.starts_with("KMS.")) {
    return "Enable the KMS key (or cancel its deletion), or name another one";
  }
  if (code == "ExpiredToken" || code == "InvalidAccessKeyId" || code == "InvalidToken") {
    return "The session of the job's role has ended; check that the role still exists and start "
           "the job again";
  }
  if (failure.status() >= 500) {
    return "Please start the job again when the server answers S3 requests; its log says more";
  }
  return "Correct that and start the job again";
}

// "...: reason" -> "...: reason. Advice."
std::string sentence(std::string text, const std::string& advice) {
  while (text.ends_with('.')) text.pop_back();
  return text + ". " + advice + ".";
}

}  // namespace

std::string instance_type_of(const JobSpec& spec) {
  const auto file = spec.config_files.find("input/config/resourceconfig.json");
  if (file != spec.config_files.end() && file->second.is_object()) {
    return string_or(file->second.get_object(), "current_instance_type");
  }
  const auto request = spec.config_files.find("config/processingjobconfig.json");
  if (request == spec.config_files.end()) return {};
  boost::system::error_code absent;
  const json::value* type =
      request->second.find_pointer("/ProcessingResources/ClusterConfig/InstanceType", absent);
  return type != nullptr && type->is_string() ? std::string(type->get_string()) : std::string();
}

std::optional<std::string> larger_instance_type(const std::string& type) {
  // Sizes that follow each other in every family that has them.
  constexpr std::array<std::string_view, 5> kSizes{"medium", "large", "xlarge", "2xlarge",
                                                   "4xlarge"};
  const auto dot = type.rfind('.');
  if (dot == std::string::npos) return std::nullopt;
  const bool small_family = type.starts_with("ml.t");  // ends at 2xlarge
  for (std::size_t i = 0; i + 1 < kSizes.size(); ++i) {
    if (type.substr(dot + 1) != kSizes[i]) continue;
    if (small_family && kSizes[i + 1] == "4xlarge") return std::nullopt;
    return type.substr(0, dot + 1) + std::string(kSizes[i + 1]);
  }
  return std::nullopt;
}

std::string reason_of(const EndedWorkload& ended) {
  const int code = process::shell_code(ended.exit);
  const std::string tail = ", exit code: " + std::to_string(code);
  std::string text = ended.failure.empty() ? ended.last_error : ended.failure;
  text = ended.out_of_memory ? out_of_memory(ended) : with_advice(text, ended);
  const bool has_prefix = text.starts_with("ClientError") || text.starts_with("AlgorithmError") ||
                          text.starts_with("InternalServerError");
  if (!has_prefix) text = "AlgorithmError: " + text;
  return shortened(std::move(text), kLongestReason - tail.size()) + tail;
}

std::string reason_of(std::exception_ptr error, const std::string& during) {
  std::string text;
  try {
    std::rethrow_exception(error);
  } catch (const S3Failure& failure) {
    const bool ours = failure.status() >= 500;
    text = sentence(
        (ours ? "InternalServerError: " : "ClientError: ") + during + ": " + failure.what(),
        advice_for(failure));
  } catch (const InputError& bad) {
    text = "ClientError: " + during + ": " + bad.what();
  } catch (const CannotLaunch& cannot) {
    text = std::string("ClientError: ") + cannot.what();
  } catch (const StorageError& broken) {
    text = broken.full()
               ? sentence("ClientError: " + during + ": the disk is full (" + broken.what() + ")",
                          "Free space on the machine's disk, or stage less data, and start the job "
                          "again")
               : sentence("InternalServerError: " + during + ": " + broken.what(),
                          "Check the disk of the machine and start the job again");
  } catch (const std::exception& other) {
    text = sentence("InternalServerError: " + during + ": " + other.what(),
                    "Please try again; the server's log says more");
  }
  return shortened(std::move(text), kLongestReason);
}

}  // namespace clary::agent
