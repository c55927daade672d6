#include "agent/failure_reason.h"

#include <spdlog/fmt/fmt.h>

#include "agent/s3_client.h"
#include "agent/stage_in.h"
#include "agent/workload.h"
#include "base/errors.h"

namespace clary::agent {
namespace {

// At most `limit` bytes, cut at the start of a character.
std::string shortened(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0U) == 0x80) --limit;
  text.resize(limit);
  return text;
}

}  // namespace

std::string reason_of(const EndedWorkload& ended) {
  const int code = process::shell_code(ended.exit);
  const std::string tail = ", exit code: " + std::to_string(code);
  std::string text = ended.failure;
  if (ended.out_of_memory) {
    text = fmt::format(
        "ClientError: out of memory: the algorithm used more than the {:.1f} GiB of its instance "
        "and "
        "was killed. Please use an instance type with more memory, or reduce the size of the data "
        "processed on an instance.",
        static_cast<double>(ended.memory_limit) / (1ULL << 30));
  }
  if (text.empty()) text = ended.last_error;
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
    text = (ours ? "InternalServerError: " : "ClientError: ") + during + ": " + failure.what();
  } catch (const InputError& bad) {
    text = "ClientError: " + during + ": " + bad.what();
  } catch (const CannotLaunch& cannot) {
    text = std::string("ClientError: ") + cannot.what();
  } catch (const StorageError& broken) {
    text = broken.full() ? "ClientError: " + during + ": the disk is full (" + broken.what() + ")"
                         : "InternalServerError: " + during + ": " + broken.what();
  } catch (const std::exception& other) {
    text = "InternalServerError: " + during + ": " + other.what();
  }
  return shortened(std::move(text), kLongestReason);
}

}  // namespace clary::agent
