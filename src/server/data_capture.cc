#include "server/data_capture.h"

#include <algorithm>

#include "base/log.h"
#include "base/random.h"
#include "wire/api_error.h"

namespace clary::server {
namespace {

using std::chrono::milliseconds;

// How often the thread looks whether something is due, as long as anything waits.
constexpr milliseconds kLongestLook{1000};

auto hour_of(const CapturedInvocation& invocation) {
  return std::chrono::floor<std::chrono::hours>(invocation.time);
}

// By hour, and those of an hour in the order they have.
void in_hours(std::vector<CapturedInvocation>& invocations) {
  if (std::ranges::is_sorted(invocations, {}, hour_of)) return;
  std::map<decltype(hour_of(invocations[0])), std::vector<CapturedInvocation>> hours;
  for (CapturedInvocation& each : invocations) hours[hour_of(each)].push_back(std::move(each));
  invocations.clear();
  for (auto& [hour, of_hour] : hours) std::ranges::move(of_hour, std::back_inserter(invocations));
}

std::string captures(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " captured invocation" : " captured invocations");
}

}  // namespace

DataCapture::DataCapture(const Clock& clock, const Limits& limits, Put put, Tell tell)
    : clock_(clock), limits_(limits), put_(std::move(put)), tell_(std::move(tell)) {}

DataCapture::~DataCapture() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void DataCapture::offer(const Plan& plan, CapturedInvocation invocation) {
  const std::size_t bytes = invocation.bytes();
  bool look = false;
  {
    const std::lock_guard lock(mutex_);
    Waiting& waiting = waiting_[plan];
    if (waiting.invocations.empty()) {
      waiting.since = clock_.steady_now();
      look = true;
    }
    if (waiting.bytes + bytes > limits_.plan_bytes || all_bytes_ + bytes > limits_.all_bytes) {
      ++waiting.dropped;
      ++lost_;
    } else {
      waiting.invocations.push_back(std::move(invocation));
      const bool was_enough = waiting.bytes >= limits_.file_bytes;
      waiting.bytes += bytes;
      all_bytes_ += bytes;
      if (!was_enough && waiting.bytes >= limits_.file_bytes) look = enough_ = true;
    }
  }
  if (look) changed_.notify_all();
}

bool DataCapture::due(const Plan& plan, const Waiting& waiting) const {
  const auto now = clock_.steady_now();
  if (now < waiting.not_before) return false;
  // The one reference is the map's: no route leads there, and no request is under way.
  return plan.use_count() == 1 || waiting.bytes >= limits_.file_bytes ||
         now - waiting.since >= limits_.age;
}

void DataCapture::write_due() {
  write([this](const Plan& plan, const Waiting& waiting) { return due(plan, waiting); });
}

void DataCapture::flush(std::string_view account, std::string_view region,
                        std::string_view endpoint) {
  write([&](const Plan& plan, const Waiting&) {
    return plan->account == account && plan->region == region && plan->endpoint == endpoint;
  });
}

void DataCapture::write(const std::function<bool(const Plan&, const Waiting&)>& wanted) {
  const std::lock_guard writing(writing_);
  std::vector<Plan> plans;
  {
    const std::lock_guard lock(mutex_);
    enough_ = false;
    for (const auto& [plan, waiting] : waiting_) {
      if (wanted(plan, waiting)) plans.push_back(plan);
    }
  }
  for (const Plan& plan : plans) write_plan(plan);
}

void DataCapture::write_plan(const Plan& plan) {
  std::vector<CapturedInvocation> invocations;
  std::size_t bytes = 0;
  std::uint64_t dropped = 0;
  {
    const std::lock_guard lock(mutex_);
    Waiting& waiting = waiting_[plan];
    invocations.swap(waiting.invocations);
    bytes = waiting.bytes;
    dropped = std::exchange(waiting.dropped, 0);
  }
  if (dropped > 0) {
    tell_(*plan, "Data capture: " + captures(dropped) +
                     " came faster than they could be written, and were dropped.");
  }
  std::vector<CapturedInvocation> left = write_files(*plan, std::move(invocations));
  std::size_t left_bytes = 0;
  for (const CapturedInvocation& invocation : left) left_bytes += invocation.bytes();

  const std::lock_guard lock(mutex_);
  const auto place = waiting_.find(plan);
  Waiting& waiting = place->second;
  waiting.bytes -= bytes - left_bytes;
  all_bytes_ -= bytes - left_bytes;
  if (!left.empty()) {
    waiting.not_before = clock_.steady_now() + limits_.age;
    waiting.invocations.insert(waiting.invocations.begin(), std::make_move_iterator(left.begin()),
                               std::make_move_iterator(left.end()));
  }
  if (waiting.invocations.empty() && waiting.dropped == 0) waiting_.erase(place);
}

std::vector<CapturedInvocation> DataCapture::write_files(
    const engine::CapturePlan& plan, std::vector<CapturedInvocation> invocations) {
  // A file is of one hour; around its end the one or other comes out of turn.
  in_hours(invocations);
  std::vector<CapturedInvocation> left;
  std::string text;
  for (std::size_t next = 0; next < invocations.size();) {
    const std::size_t first = next;
    text.clear();
    while (next < invocations.size() && text.size() < limits_.file_bytes &&
           hour_of(invocations[next]) == hour_of(invocations[first])) {
      text += capture_line(plan, invocations[next++]);
    }
    if (write_file(plan, invocations[first].time, text, next - first) != Result::kLater) continue;
    // What hinders one file hinders those after it.
    left.assign(std::make_move_iterator(invocations.begin() + static_cast<std::ptrdiff_t>(first)),
                std::make_move_iterator(invocations.end()));
    break;
  }
  return left;
}

DataCapture::Result DataCapture::write_file(const engine::CapturePlan& plan, Timestamp first,
                                            const std::string& text, std::size_t invocations) {
  const std::string key = capture_key(plan, first, random_uuid());
  const std::string where = "s3://" + plan.bucket + "/" + key;
  try {
    put_(plan, key, text);
    written_ += invocations;
    return Result::kWritten;
  } catch (const wire::ApiError& error) {
    if (error.status() < 500) {
      lost_ += invocations;
      tell_(plan, "Data capture: " + where + " was refused, and " + captures(invocations) +
                      " with it were dropped: " + error.code() + ": " + error.what());
      return Result::kRefused;
    }
    spdlog::warn("data capture of endpoint {}: {}: {}", plan.endpoint, where, error.what());
  } catch (const std::exception& error) {
    spdlog::warn("data capture of endpoint {}: {}: {}", plan.endpoint, where, error.what());
  }
  return Result::kLater;
}

void DataCapture::start() {
  thread_ = std::thread([this] { run(); });
}

void DataCapture::run() {
  const milliseconds look = std::clamp(limits_.age / 4, milliseconds(10), kLongestLook);
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (waiting_.empty()) {
      changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    } else {
      changed_.wait_for(lock, look, [this] { return stopping_ || enough_; });
    }
    if (stopping_) break;
    lock.unlock();
    write_due();
    lock.lock();
  }
}

void DataCapture::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
  write([](const Plan&, const Waiting&) { return true; });
  const std::lock_guard lock(mutex_);
  for (const auto& [plan, waiting] : waiting_) {
    spdlog::error("data capture of endpoint {}: {} could not be written and are lost",
                  plan->endpoint, captures(waiting.invocations.size()));
  }
}

}  // namespace clary::server
