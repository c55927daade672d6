#include "agent/reporter.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/errors.h"
#include "base/log.h"

namespace clary::agent {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kBodyBytes = 1 << 20;
constexpr milliseconds kAnswerTimeout{30000};
// How long a report may wait for those that follow: each request costs the server a transaction.
// The longer it takes to answer, the more it has to do.
constexpr milliseconds kGather{15};
constexpr milliseconds kLongestGather{200};
constexpr milliseconds kFirstRetry{20};
constexpr milliseconds kLongestRetry{1000};
// Between questions whether a gang may go on.
constexpr milliseconds kFirstGoDelay{5};
constexpr milliseconds kLongestGoDelay{250};

[[noreturn]] void broken() {
  const int error = errno;
  throw StorageError(std::string("spool: ") + strerror(error),
                     error == ENOSPC ? StorageError::Kind::kFull : StorageError::Kind::kBroken);
}

}  // namespace

std::int64_t report_time(const Clock& clock) {
  return clock.now().time_since_epoch().count();
}

Reporter::Reporter(ReporterOptions options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      spool_(
          open(options_.spool.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR)),
      go_delay_(kFirstGoDelay),
      gather_(kGather),
      go_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      client_(options_.server) {
  if (!spool_) broken();
  sender_ = std::thread([this] { send_all(); });
}

Reporter::~Reporter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  sender_.join();
}

void Reporter::report(json::object report) {
  report["seq"] = ++sequence_;
  const std::string line = json::serialize(report) + "\n";
  std::string_view rest = line;
  // One write as a rule; what a crash cuts short has no newline and counts for nothing.
  while (!rest.empty()) {
    const ssize_t size = write(spool_.get(), rest.data(), rest.size());
    if (size < 0) broken();
    rest.remove_prefix(static_cast<std::size_t>(size));
  }
  const std::lock_guard lock(mutex_);
  written_ += line.size();
  changed_.notify_all();
}

void Reporter::phase(std::string_view name, std::string_view message) {
  report({{"phase", {{"phase", name}, {"time", report_time(clock_)}, {"message", message}}}});
}

int Reporter::await_go() {
  const std::lock_guard lock(mutex_);
  awaits_go_ = true;
  changed_.notify_all();
  return go_.get();
}

json::array Reporter::peers() const {
  const std::lock_guard lock(mutex_);
  return peers_;
}

bool Reporter::finish(json::object last) {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  report(std::move(last));
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return abandoned_ || sent_ == written_; });
  return sent_ == written_;
}

// Whole lines of the spool from where sending stands, up to about kBodyBytes, as a request body.
std::string Reporter::take(std::uint64_t& until) {
  std::uint64_t from = 0;
  {
    const std::lock_guard lock(mutex_);
    from = sent_;
  }
  const std::uint64_t available = written_ - from;
  if (available == 0) {
    until = from;
    return "{\"reports\":[]}";
  }
  std::string lines(static_cast<std::size_t>(std::min<std::uint64_t>(available, kBodyBytes)), '\0');
  while (true) {
    const ssize_t size = pread(spool_.get(), lines.data(), lines.size(), static_cast<off_t>(from));
    if (size != static_cast<ssize_t>(lines.size())) broken();
    const auto newline = lines.rfind('\n');
    if (newline != std::string::npos) {
      lines.resize(newline);
      break;
    }
    // A single report longer than the usual body.
    lines.resize(
        static_cast<std::size_t>(std::min<std::uint64_t>(available, lines.size() + kBodyBytes)));
  }
  until = from + lines.size() + 1;
  std::replace(lines.begin(), lines.end(), '\n', ',');
  return "{\"reports\":[" + lines + "]}";
}

void Reporter::accept(const json::object& answer, std::uint64_t until) {
  const bool stop = find_bool(answer, "stop").value_or(false);
  const bool known = find_bool(answer, "known").value_or(true);
  {
    const std::lock_guard lock(mutex_);
    sent_ = until;
    abandoned_ = abandoned_ || !known;
    if (awaits_go_ && find_bool(answer, "go").value_or(false)) {
      awaits_go_ = false;
      if (const json::array* peers = find_array(answer, "peers")) peers_ = *peers;
      eventfd_write(go_.get(), 1);
    }
    changed_.notify_all();
  }
  if ((stop || !known) && !std::exchange(stop_told_, true) && options_.on_stop) options_.on_stop();
}

// One request. False when it should be tried again later.
bool Reporter::send_some() {
  std::uint64_t until = 0;
  http::ClientRequest request;
  request.method = "POST";
  request.target = "/_clary/runs/" + options_.run_id + "/report";
  request.headers = {{"Authorization", "Bearer " + options_.token},
                     {"Content-Type", "application/json"}};
  request.body = take(until);
  try {
    const auto began = clock_.steady_now();
    const http::ClientResponse response = client_.send(request, kAnswerTimeout);
    const auto took = std::chrono::ceil<milliseconds>(clock_.steady_now() - began);
    gather_ = std::clamp(2 * took, kGather, kLongestGather);
    boost::system::error_code error;
    const json::value answer = json::parse(response.body, error);
    if (response.status == 200 && !error && answer.is_object()) {
      accept(answer.get_object(), until);
      return true;
    }
    spdlog::warn("report: the server answered {}", response.status);
  } catch (const http::ClientError& error) {
    spdlog::debug("report: {}", error.what());
  }
  return false;
}

// What the server has taken is safe with it; what it could not take must outlive the machine's
// power here.
void Reporter::keep_spool() const {
  if (fdatasync(spool_.get()) != 0) spdlog::warn("spool: {}", strerror(errno));
}

// False when it is time to give up.
bool Reporter::wait_to_retry(milliseconds& delay) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, delay, [&] { return stopping_; });
  delay = std::min(delay * 2, kLongestRetry);
  return !stopping_;
}

void Reporter::gather(std::unique_lock<std::mutex>& lock) {
  changed_.wait_for(lock, gather_,
                    [&] { return stopping_ || abandoned_ || finishing_ || awaits_go_; });
}

// Until there is something to send or to ask. False when it is time to end.
bool Reporter::wait_for_work() {
  std::unique_lock lock(mutex_);
  const auto work = [&] { return stopping_ || abandoned_ || sent_ < written_; };
  if (!awaits_go_) {
    changed_.wait(lock, [&] { return awaits_go_ || work(); });
  } else if (!changed_.wait_for(lock, go_delay_, work)) {
    go_delay_ = std::min(go_delay_ * 2, kLongestGoDelay);
  }
  gather(lock);
  return !stopping_ && !abandoned_;
}

void Reporter::send_all() {
  milliseconds delay = kFirstRetry;
  auto last_answer = clock_.steady_now();
  while (true) {
    if (!wait_for_work()) return;
    if (send_some()) {
      delay = kFirstRetry;
      last_answer = clock_.steady_now();
      continue;
    }
    keep_spool();
    if (!wait_to_retry(delay)) return;
    if (clock_.steady_now() - last_answer > options_.patience) {
      const std::lock_guard lock(mutex_);
      abandoned_ = true;
      changed_.notify_all();
      return;
    }
  }
}

}  // namespace clary::agent
