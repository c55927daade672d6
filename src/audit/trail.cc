#include "audit/trail.h"

#include <array>
#include <atomic>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <thread>

#include "audit/event_text.h"
#include "audit/head_keeper.h"
#include "audit/log_files.h"
#include "base/errors.h"
#include "base/log.h"
#include "base/random.h"

namespace clary::audit {
namespace {

using std::chrono::milliseconds;

// How long the writer gathers events before it writes them together.
constexpr std::chrono::milliseconds kGather{3};
constexpr std::chrono::milliseconds kRetry{500};
constexpr std::chrono::seconds kSyncEvery{1};
constexpr std::size_t kBatchBytes = 1 << 20;
constexpr std::size_t kEventOverhead = 512;  // of the queue's count, beside the longest texts
constexpr std::size_t kReindexBatch = 1000;
// How long lines may wait for their place in the index: each commit writes many pages.
constexpr std::chrono::milliseconds kIndexEvery{100};

std::size_t weight(const Event& event) {
  return kEventOverhead + event.parameters.size() + event.user_agent.size();
}

// SplitMix64's finaliser (Steele, Lea and Flood, 2014): a bijection, so that ids differ.
std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

std::int64_t day_of(Timestamp time) {
  return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
}

}  // namespace

struct Trail::Impl {
  const TrailOptions options;
  const Clock& clock;
  EventIndex& index;

  // The writer thread's own.
  LogEnd end;
  HeadKeeper keeper;
  ChainPoint chain;
  ChainPoint before;  // what the oldest line follows
  std::string lines;  // formatted, not in the file yet
  std::vector<IndexedEvent> entries;
  std::chrono::steady_clock::time_point indexed_at{};
  std::int64_t day = 0;
  std::int64_t cleaned_day = -1;
  bool unsynced = false;
  bool failing = false;
  std::chrono::steady_clock::time_point synced_at{};
  std::array<std::uint64_t, 2> id_seed{};

  std::mutex mutex;
  std::condition_variable wake, idle;
  std::vector<Event> queue;
  std::uint64_t lost_unwritten = 0;  // data events counted, not yet in a gap mark
  bool stopping = false;
  bool sync_wanted = false;
  std::uint64_t added = 0, done = 0, synced = 0;

  std::atomic<std::size_t> waiting{0};
  std::atomic<std::uint64_t> written{0}, lost{0};
  std::atomic<std::uint64_t> log_bytes{0};  // of all files
  std::thread thread;

  Impl(TrailOptions given, const Clock& time, EventIndex& events)
      : options(std::move(given)),
        clock(time),
        index(events),
        end(options.folder),
        keeper(options.folder, options.seal) {
    fill_random(std::as_writable_bytes(std::span(id_seed)));
    for (const LogFile& file : log_files(options.folder)) {
      log_bytes += std::filesystem::file_size(file.path);
    }
    chain = end.found();
    day = day_of(end.found_at().value_or(clock.now()));
    check_head();
    if (end.torn_bytes() > 0) {
      spdlog::warn("audit: the last line was cut off ({} bytes); a mark says so", end.torn_bytes());
      mark("torn", ",\"bytes\":" + std::to_string(end.torn_bytes()));
    }
    write_lines();
    thread = std::thread([this] { run(); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    wake.notify_all();
    thread.join();
  }

  bool takes_data() const {
    return options.data_bytes == 0 ||
           log_bytes.load(std::memory_order_relaxed) < options.data_bytes;
  }

  void mark(std::string_view name, const std::string& members) {
    append_record(lines, chain, clock.now(), "\"mark\":\"" + std::string(name) + "\"" + members);
  }

  void check_head() {
    const ReadHead read = read_head(options.folder, options.seal);
    before = read.head.before;
    std::string why;
    if (read.state == HeadState::kDamaged) {
      why = "the head file is damaged or was not sealed with this server's key";
      before = {};
    } else if (read.state != HeadState::kAbsent && read.head.last.seq > chain.seq) {
      why = "it ends at line " + std::to_string(chain.seq) + ", line " +
            std::to_string(read.head.last.seq) + " was written";
    } else if (read.state == HeadState::kAbsent && chain.seq > 0) {
      why = "there is no head file";
    }
    if (why.empty()) return;
    spdlog::error("audit: the log is not what was written: {}", why);
    std::string members = ",\"why\":";
    append_json_string(members, why);
    mark("broken", members);
  }

  // A version 4 UUID for each line: unique, not secret.
  std::string event_id(std::uint64_t seq) const {
    const std::uint64_t high = mixed(id_seed[0] + seq), low = mixed(id_seed[1] ^ seq);
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string id = "00000000-0000-4000-8000-000000000000";
    std::size_t nibble = 0;
    for (std::size_t i = 0; i < id.size(); ++i) {
      if (id[i] != '0' || i == 19) continue;
      const std::uint64_t word = nibble < 16 ? high : low;
      id[i] = kDigits[(word >> (60 - 4 * (nibble % 16))) & 15];
      ++nibble;
    }
    return id;
  }

  void format(const Event& event) {
    thread_local std::string members;
    members.clear();
    const std::uint64_t seq = chain.seq + 1;
    const std::string id = event_id(seq);
    append_event(members, event, id);
    const std::size_t begin = lines.size();
    append_record(lines, chain, event.time, members);
    const Place place{
        .file = end.number(), .offset = end.size() + begin, .length = lines.size() - begin - 1};
    if (auto entry = indexed(event, id, seq, place)) entries.push_back(std::move(*entry));
  }

  // Nothing is lost when this throws: lines stay and are tried again.
  void write_lines() {
    if (lines.empty()) return;
    end.append(lines);
    const std::uint64_t before_it = log_bytes.fetch_add(lines.size(), std::memory_order_relaxed);
    if (before_it < options.data_bytes && !takes_data()) {
      spdlog::warn("audit: the log has {} bytes; requests for data are only counted from here on",
                   options.data_bytes);
    }
    lines.clear();
    unsynced = true;
  }

  // Only of lines that stand in the file.
  void index_lines(bool now) {
    if (!lines.empty() || entries.empty()) return;
    const auto time = std::chrono::steady_clock::now();
    if (!now && entries.size() < kReindexBatch && time - indexed_at < kIndexEvery) return;
    index.add(std::exchange(entries, {}));
    indexed_at = time;
  }

  // Without waiting for the disk.
  void sync() {
    if (!unsynced) return;
    keeper.request(end.duplicate(), {.before = before, .last = chain});
    unsynced = false;
    synced_at = std::chrono::steady_clock::now();
  }

  void rotate_if_due() {
    const std::int64_t today = day_of(clock.now());
    // Where lines that wait will stand is already said to the index.
    if (!lines.empty() || end.size() == 0) return;
    if (end.size() < options.rotate_bytes && today == day) return;
    end.rotate();
    day = today;
    mark("start", ",\"clary\":\"audit log\"");
    write_lines();
  }

  // Removes whole files whose time is over; the head moves first, so that a kill in between leaves
  // a file more, not a line less.
  void clean_if_due() {
    const std::int64_t today = day_of(clock.now());
    if (today == cleaned_day) return;
    cleaned_day = today;
    index.remove_before(clock.now() - kEventHistory);
    if (options.retention_days == 0) return;
    const Timestamp oldest = clock.now() - std::chrono::days(options.retention_days);
    const std::vector<LogFile> files = log_files(options.folder);
    for (std::size_t i = 0; i + 1 < files.size(); ++i) {
      const auto next = first_line(files[i + 1].path);
      if (!next || next->at >= oldest) break;
      before = {.seq = next->seq - 1, .hash = next->prev};
      unsynced = true;
      sync();
      if (!keeper.wait()) return;
      std::error_code error;
      const std::uint64_t size = std::filesystem::file_size(files[i].path, error);
      if (std::filesystem::remove(files[i].path, error)) log_bytes -= size;
      spdlog::info("audit: {} is older than {} days and was removed",
                   files[i].path.filename().string(), options.retention_days);
    }
  }

  // What a kill kept from the index.
  void reindex() {
    const std::uint64_t last = index.last_seq();
    std::vector<LogFile> files = log_files(options.folder);
    std::size_t first = files.size();
    while (first > 0) {
      --first;
      const auto line = first_line(files[first].path);
      if (line && line->seq <= last + 1) break;
    }
    std::vector<IndexedEvent> batch;
    for (; first < files.size(); ++first) {
      std::ifstream in(files[first].path, std::ios::binary);
      std::string line;
      for (std::uint64_t offset = 0; std::getline(in, line); offset += line.size() + 1) {
        auto event =
            indexed(line, {.file = files[first].number, .offset = offset, .length = line.size()});
        if (!event || event->seq <= last) continue;
        batch.push_back(std::move(*event));
        if (batch.size() >= kReindexBatch) index.add(std::exchange(batch, {}));
      }
    }
    index.add(std::move(batch));
  }

  void run() {
    try {
      reindex();
    } catch (const std::exception& error) {
      spdlog::error("audit: LookupEvents lacks what was written before: {}", error.what());
    }
    while (true) {
      Batch batch = take();
      const bool ok = write_batch(batch);
      {
        const std::lock_guard lock(mutex);
        done += batch.events.size();
        if (batch.wait && ok) synced = done;
        if (batch.last && (queue.empty() || !ok)) return;
      }
      idle.notify_all();
    }
  }

  struct Batch {
    std::vector<Event> events;
    std::uint64_t gap = 0;
    bool sync = false, wait = false, last = false;
  };

  Batch take() {
    std::unique_lock lock(mutex);
    const auto due = [this] { return stopping || sync_wanted || !queue.empty(); };
    if (unsynced || !entries.empty()) {
      wake.wait_for(lock, entries.empty() ? milliseconds(kSyncEvery) : kIndexEvery, due);
    } else {
      wake.wait(lock, due);
    }
    const auto hurry = [this] { return stopping || sync_wanted; };
    if (!queue.empty() && !hurry()) wake.wait_for(lock, kGather, hurry);
    const bool tick = std::chrono::steady_clock::now() - synced_at >= kSyncEvery;
    Batch batch{.events = std::exchange(queue, {}),
                .gap = std::exchange(lost_unwritten, 0),
                .sync = tick || sync_wanted || stopping,
                .wait = sync_wanted || stopping,
                .last = stopping};
    sync_wanted = false;
    return batch;
  }

  void write_events(const Batch& batch, std::size_t& next) {
    while (next < batch.events.size()) {
      rotate_if_due();
      while (next < batch.events.size() && lines.size() < kBatchBytes) {
        format(batch.events[next]);
        waiting.fetch_sub(weight(batch.events[next]), std::memory_order_relaxed);
        ++next;
      }
      write_lines();
    }
  }

  // Tries until it is done, but only once when the server stops: then false.
  bool write_batch(Batch& batch) {
    std::size_t next = 0;
    while (true) {
      try {
        if (batch.gap > 0) {
          mark("gap", ",\"events\":" + std::to_string(std::exchange(batch.gap, 0)));
        }
        write_lines();
        write_events(batch, next);
        index_lines(batch.wait);
        clean_if_due();
        if (batch.sync) sync();
        if (batch.wait) keeper.wait();
        if (std::exchange(failing, false)) spdlog::info("audit: the log is written again");
        written.fetch_add(batch.events.size(), std::memory_order_relaxed);
        return true;
      } catch (const std::exception& error) {
        if (!std::exchange(failing, true)) {
          spdlog::error("audit: cannot write the log, trying again: {}", error.what());
        }
      }
      if (batch.last) return false;
      std::unique_lock lock(mutex);
      wake.wait_for(lock, kRetry, [this] { return stopping; });
      batch.last = stopping;
    }
  }
};

Trail::Trail(TrailOptions options, const Clock& clock, EventIndex& index)
    : impl_(std::make_unique<Impl>(std::move(options), clock, index)) {}

Trail::~Trail() = default;

bool Trail::has_room() const {
  return impl_->waiting.load(std::memory_order_relaxed) < impl_->options.queue_bytes;
}

void Trail::add(Event event) {
  const bool droppable = event.category == Category::kData;
  bool first = false;
  {
    const std::lock_guard lock(impl_->mutex);
    if (droppable && !(has_room() && impl_->takes_data())) {
      ++impl_->lost_unwritten;
      impl_->lost.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    impl_->waiting.fetch_add(weight(event), std::memory_order_relaxed);
    first = impl_->queue.empty();
    impl_->queue.push_back(std::move(event));
    ++impl_->added;
  }
  if (first) impl_->wake.notify_one();
}

void Trail::flush() {
  std::unique_lock lock(impl_->mutex);
  const std::uint64_t until = impl_->added;
  impl_->sync_wanted = true;
  impl_->wake.notify_all();
  impl_->idle.wait(lock, [&] { return impl_->synced >= until; });
}

TrailCounts Trail::counts() const {
  return {.written = impl_->written.load(std::memory_order_relaxed),
          .lost = impl_->lost.load(std::memory_order_relaxed),
          .waiting_bytes = impl_->waiting.load(std::memory_order_relaxed)};
}

}  // namespace clary::audit
