#include "agent/pipe_channels.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <mutex>
#include <numeric>
#include <random>
#include <thread>

#include "agent/gzip.h"
#include "agent/opt_ml.h"
#include "base/errors.h"
#include "base/log.h"
#include "process/file_descriptor.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;
using process::FileDescriptor;

// A record's length is known only at its end; what is longer goes as several parts of one record.
constexpr std::size_t kPartBytes = 64 << 20;
constexpr std::uint32_t kMagic = 0xced7230a;

[[noreturn]] void broken(const std::string& name) {
  throw StorageError("named pipe " + name + ": " + strerror(errno));
}

// The reader closed the pipe: this epoch is over, which is no error.
struct ReaderGone {};

// A named pipe by its inode. Its folder is the workload's, which may put anything at its name.
class Fifo {
 public:
  Fifo(int folder, std::string name) : folder_(folder), name_(std::move(name)) {
    make();
    file_.reset(openat(folder_, name_.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat status = {};
    if (!file_ || fstat(file_.get(), &status) != 0) broken(name_);
    if (!S_ISFIFO(status.st_mode)) {
      throw StorageError("the workload put something else at the named pipe " + name_);
    }
    path_ = path_of(file_);
  }
  ~Fifo() { unlinkat(folder_, name_.c_str(), 0); }
  Fifo(const Fifo&) = delete;
  Fifo& operator=(const Fifo&) = delete;

  // blocks until there is a reader.
  FileDescriptor open_to_write() const {
    FileDescriptor file(open(path_.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file) broken(name_);
    fcntl(file.get(), F_SETFL, fcntl(file.get(), F_GETFL) | O_NONBLOCK);
    return file;
  }
  // A reader, which lets open_to_write() return.
  FileDescriptor open_to_read() const {
    return FileDescriptor(open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  }

 private:
  static std::string path_of(const FileDescriptor& file) {
    return "/proc/self/fd/" + std::to_string(file.get());
  }

  // Under another name until the workload may read it, which may be waiting for the right one.
  // What is at that name stays.
  void make() const {
    const std::string early = "." + name_ + ".new";
    unlinkat(folder_, early.c_str(), 0);
    if (mkfifoat(folder_, early.c_str(), 0600) != 0) broken(early);
    const FileDescriptor made(openat(folder_, early.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat status = {};
    if (!made || fstat(made.get(), &status) != 0) broken(early);
    if (!S_ISFIFO(status.st_mode) || status.st_uid != geteuid()) {
      throw StorageError("the workload put something else at the named pipe " + early);
    }
    // The run's folder is closed to others; whoever the workload is may read.
    if (chmod(path_of(made).c_str(), 0666) != 0) broken(early);
    const bool linked =
        linkat(AT_FDCWD, path_of(made).c_str(), folder_, name_.c_str(), AT_SYMLINK_FOLLOW) == 0;
    const int error = errno;
    unlinkat(folder_, early.c_str(), 0);
    errno = error;
    if (!linked && errno != EEXIST) broken(name_);
  }

  const int folder_;
  const std::string name_;
  FileDescriptor file_;
  std::string path_;
};

// Bytes as RecordIO: magic, length and kind in one word, the bytes, filled up to four.
class RecordWriter {
 public:
  explicit RecordWriter(const ByteSink& sink) : sink_(sink) {}
  void write(std::string_view bytes) {
    buffer_.append(bytes);
    while (buffer_.size() > kPartBytes) {
      part(std::string_view(buffer_).substr(0, kPartBytes), parts_++ == 0 ? kFirst : kMiddle);
      buffer_.erase(0, kPartBytes);
    }
  }
  void finish() { part(buffer_, parts_ == 0 ? kWhole : kLast); }

 private:
  enum Kind : std::uint32_t { kWhole, kFirst, kMiddle, kLast };
  void part(std::string_view bytes, Kind kind) {
    const std::array<std::uint32_t, 2> head{
        kMagic, (std::uint32_t{kind} << 29) | static_cast<std::uint32_t>(bytes.size())};
    sink_({reinterpret_cast<const char*>(head.data()), sizeof head});
    sink_(bytes);
    sink_(std::string_view("\0\0\0", (4 - bytes.size() % 4) % 4));
  }
  const ByteSink& sink_;
  std::string buffer_;
  std::size_t parts_ = 0;
};

// The order of an epoch. Every instance computes the same, so that shares stay disjoint. (The
// standard library's own shuffle differs between libraries.)
std::vector<std::size_t> order_of(std::size_t count, const InputSpec& input, std::uint64_t epoch) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (!input.shuffle_seed) return order;
  std::mt19937_64 random(*input.shuffle_seed + epoch * 0x9e3779b97f4a7c15ULL);
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return order;
}

}  // namespace

struct PipeChannels::Shared {
  Shared(const JobSpec& spec_in, const S3Options& s3_in, const Clock& clock_in)
      : spec(spec_in), s3(s3_in), clock(clock_in) {}
  const JobSpec& spec;
  const S3Options& s3;
  const Clock& clock;
  FileDescriptor failed{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  FileDescriptor ending{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};  // readable at the end
  std::atomic<bool> cancelled{false};
  std::mutex mutex;
  std::exception_ptr error;  // guarded by mutex
};

class PipeChannels::Channel {
 public:
  Channel(PipePlan plan, const fs::path& opt_ml, Shared& shared)
      : plan_(std::move(plan)),
        shared_(shared),
        folder_(open(host_path(opt_ml, plan_.input.local_path).parent_path().c_str(),
                     O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
        name_(fs::path(plan_.input.local_path).filename().string()) {
    if (!folder_) broken(name_);
    current_ = std::make_unique<Fifo>(folder_.get(), name_ + "_0");
    thread_ = std::thread([this] { run(); });
  }
  ~Channel() {
    FileDescriptor reader;
    {
      const std::lock_guard lock(mutex_);
      reader = current_->open_to_read();
    }
    thread_.join();
  }

 private:
  void run();
  void stream_epochs();
  void stream(S3Client& client, std::uint64_t epoch, int file);
  void object(S3Client& client, const S3Location& from, const std::string& etag,
              const ByteSink& sink);
  void write(int file, std::string_view bytes);

  const PipePlan plan_;
  Shared& shared_;
  const FileDescriptor folder_;
  const std::string name_;
  std::mutex mutex_;
  std::unique_ptr<Fifo> current_;  // guarded by mutex_; changed by the thread alone
  std::thread thread_;
};

void PipeChannels::Channel::run() {
  try {
    stream_epochs();
  } catch (const Cancelled&) {
  } catch (...) {
    const std::lock_guard lock(shared_.mutex);
    if (!shared_.error) shared_.error = std::current_exception();
    eventfd_write(shared_.failed.get(), 1);
  }
}

void PipeChannels::Channel::stream_epochs() {
  S3Client client(shared_.s3, shared_.clock, shared_.cancelled);
  for (std::uint64_t epoch = 0;; ++epoch) {
    FileDescriptor file = current_->open_to_write();
    if (shared_.cancelled) return;
    std::unique_ptr<Fifo> next;
    try {
      next = std::make_unique<Fifo>(folder_.get(), name_ + "_" + std::to_string(epoch + 1));
      stream(client, epoch, file.get());
    } catch (const ReaderGone&) {
      spdlog::debug("channel {}: epoch {} was closed early", plan_.input.name, epoch);
    } catch (const Cancelled&) {
      throw;
    } catch (...) {
      // An end of the stream would look like all the data there is: the reader is kept waiting
      // until the workload is ended.
      {
        const std::lock_guard lock(shared_.mutex);
        if (!shared_.error) shared_.error = std::current_exception();
      }
      eventfd_write(shared_.failed.get(), 1);
      pollfd end{shared_.ending.get(), POLLIN, 0};
      while (poll(&end, 1, -1) < 0 && errno == EINTR) {
      }
      return;
    }
    const std::lock_guard lock(mutex_);
    current_ = std::move(next);
    if (shared_.cancelled) return;
  }
}

void PipeChannels::Channel::stream(S3Client& client, std::uint64_t epoch, int file) {
  const ByteSink sink = [&](std::string_view bytes) { write(file, bytes); };
  const bool manifest = !plan_.lines.empty();
  const std::size_t count = manifest ? plan_.lines.size() : plan_.objects.size();
  for (const std::size_t i :
       share_of(order_of(count, plan_.input, epoch), plan_.input, shared_.spec)) {
    if (!manifest) {
      object(client, plan_.objects[i].from, plan_.objects[i].etag, sink);
      continue;
    }
    for (const ManifestPiece& piece : plan_.lines[i]) {
      if (piece.object) {
        object(client, *piece.object, "", sink);
      } else if (plan_.input.record_io) {
        RecordWriter record(sink);
        record.write(piece.text);
        record.finish();
      } else {
        sink(piece.text);
      }
    }
  }
}

void PipeChannels::Channel::object(S3Client& client, const S3Location& from,
                                   const std::string& etag, const ByteSink& sink) {
  RecordWriter record(sink);
  const ByteSink wrapped = [&](std::string_view bytes) { record.write(bytes); };
  const ByteSink& to = plan_.input.record_io ? wrapped : sink;
  if (plan_.input.gzip) {
    GzipReader unzip(to);
    try {
      client.get(from, [&](std::string_view bytes) { unzip.write(bytes); }, etag);
      unzip.finish();
    } catch (const BadArchive& bad) {
      throw InputError(std::string(bad.what()) + ": s3://" + from.bucket + "/" + from.key +
                       "; CompressionType Gzip is for objects that gzip made");
    }
  } else {
    client.get(from, to, etag);
  }
  if (plan_.input.record_io) record.finish();
}

void PipeChannels::Channel::write(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::write(file, bytes.data(), bytes.size());
    if (size >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(size));
      continue;
    }
    if (errno == EPIPE) throw ReaderGone();
    if (errno != EAGAIN && errno != EINTR) broken(name_);
    std::array<pollfd, 2> files{{{file, POLLOUT, 0}, {shared_.ending.get(), POLLIN, 0}}};
    poll(files.data(), files.size(), -1);
    if (shared_.cancelled) throw Cancelled();
  }
}

PipePlan plan_pipe(S3Client& client, const InputSpec& input) {
  PipePlan plan;
  plan.input = input;
  if (input.source == InputSpec::Source::kAugmentedManifest) {
    plan.lines = manifest_lines(client, input);
  } else {
    plan.objects = input_objects(client, input);
  }
  return plan;
}

PipeChannels::PipeChannels(std::vector<PipePlan> plans, const JobSpec& spec, const fs::path& opt_ml,
                           const S3Options& s3, const Clock& clock)
    : shared_(std::make_unique<Shared>(spec, s3, clock)) {
  for (PipePlan& plan : plans) {
    channels_.push_back(std::make_unique<Channel>(std::move(plan), opt_ml, *shared_));
  }
}

PipeChannels::~PipeChannels() {
  shared_->cancelled = true;
  eventfd_write(shared_->ending.get(), 1);
  channels_.clear();
}

int PipeChannels::failed() const {
  return shared_->failed.get();
}

std::exception_ptr PipeChannels::error() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->error;
}

}  // namespace clary::agent
