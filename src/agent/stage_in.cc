#include "agent/stage_in.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>
#include <unordered_set>

#include "agent/opt_ml.h"
#include "agent/tar_reader.h"
#include "base/errors.h"
#include "process/encrypted_disk.h"
#include "process/file_descriptor.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;
using process::FileDescriptor;

constexpr std::size_t kMostThreads = 8;
// Inputs may fill the disk up to this much.
constexpr std::uint64_t kSpareBytes = 256 << 20;

// What may still be written: the job's volume, or what the disk has with some room left for others.
// A small archive can unpack to terabytes. threads: any.
class Room {
 public:
  Room(const JobSpec& spec, const fs::path& folder) : volume_(spec.limits.volume_bytes) {
    std::uint64_t room = volume_ == 0 ? ~std::uint64_t{0} : volume_;
    room = std::min(room, left_on(folder));
    if (process::is_encrypted(folder)) {
      room = std::min(room, left_on(process::EncryptedDisk::host_of(folder)));
    }
    left_ = static_cast<std::int64_t>(std::min<std::uint64_t>(room, INT64_MAX));
  }
  void take(std::uint64_t bytes) {
    if ((left_ -= static_cast<std::int64_t>(bytes)) < 0) full();
  }
  std::uint64_t left() const {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(left_, 0));
  }
  [[noreturn]] void full() const {
    throw InputError(volume_ == 0
                         ? "the inputs need more than the machine's disk has left; make room "
                           "in the server's data folder, or give the job less"
                         : "the inputs need more than the " + std::to_string(volume_ >> 30) +
                               " GB of the instance's storage volume; ask for more with "
                               "VolumeSizeInGB");
  }

 private:
  static std::uint64_t left_on(const fs::path& folder) {
    struct statvfs disk = {};
    if (statvfs(folder.c_str(), &disk) != 0) return ~std::uint64_t{0};
    const std::uint64_t available = std::uint64_t{disk.f_bavail} * disk.f_frsize;
    return available - std::min(available, kSpareBytes);
  }

  const std::uint64_t volume_;
  std::atomic<std::int64_t> left_{0};
};

struct Fetch {
  S3Location from;
  std::string etag;
  fs::path to;
  std::uint64_t size = 0;  // 0: not told
};

// "" above what has no slash.
std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

[[noreturn]] void broken(const fs::path& path) {
  const int error = errno;
  throw StorageError("writing " + path.filename().string() + ": " + strerror(error),
                     error == ENOSPC ? StorageError::Kind::kFull : StorageError::Kind::kBroken);
}

// The folder that the last file went to, kept open: objects come in the order of their keys, so
// that many small ones in a row need no walk along their path.
class LastFolder {
 public:
  int of(const fs::path& file) {
    const std::string_view parent = parent_of(file.native());
    if (parent != path_ || !folder_) {
      path_ = parent;
      folder_.reset(open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
      if (!folder_) broken(path_);
    }
    return folder_.get();
  }

 private:
  std::string path_;
  FileDescriptor folder_;
};

class OutputFile {
 public:
  OutputFile(LastFolder& folder, const fs::path& path, Room& room)
      : room_(room),
        path_(path),
        file_(openat(folder.of(path), path.native().c_str() + parent_of(path.native()).size() + 1,
                     O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644)) {
    if (!file_) broken(path_);
  }
  void write(std::string_view bytes) {
    room_.take(bytes.size());
    while (!bytes.empty()) {
      const ssize_t size = ::write(file_.get(), bytes.data(), bytes.size());
      if (size < 0) broken(path_);
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
  }

 private:
  Room& room_;
  const fs::path path_;
  FileDescriptor file_;
};

// What all fetches of a run share.
struct Staged {
  Room& room;
  DownloadProgress& progress;
};

void fetch(S3Client& client, const Fetch& wanted, bool gzip, LastFolder& folder,
           const Staged& staged) {
  if (!gzip) {
    OutputFile file(folder, wanted.to, staged.room);
    const auto take = [&](std::string_view bytes) {
      file.write(bytes);
      staged.progress.moved(bytes.size());
    };
    client.get(wanted.from, take, wanted.etag);
    staged.progress.object_done();
    return;
  }
  fs::path to = wanted.to;
  if (to.extension() == ".gz") to.replace_extension();
  OutputFile file(folder, to, staged.room);
  GzipReader reader([&](std::string_view bytes) { file.write(bytes); });
  const auto take = [&](std::string_view bytes) {
    reader.write(bytes);
    staged.progress.moved(bytes.size());
  };
  try {
    client.get(wanted.from, take, wanted.etag);
    reader.finish();
    staged.progress.object_done();
  } catch (const BadArchive& bad) {
    throw InputError(std::string(bad.what()) + ": s3://" + wanted.from.bucket + "/" +
                     wanted.from.key + "; CompressionType Gzip is for objects that gzip made");
  }
}

// Two objects must not share a file or stand in each other's way.
void check_collisions(const std::vector<Fetch>& fetches) {
  std::unordered_set<std::string_view> files, folders;
  for (const Fetch& one : fetches) {
    if (!files.insert(one.to.native()).second) {
      throw InputError("two objects would become one file: s3://" + one.from.bucket + "/" +
                       one.from.key + "; rename one of them");
    }
  }
  for (const Fetch& one : fetches) {
    for (std::string_view up = parent_of(one.to.native()); !up.empty(); up = parent_of(up)) {
      if (!folders.insert(up).second) break;  // looked at already, and all above it
      if (files.contains(up)) {
        throw InputError("s3://" + one.from.bucket + "/" + one.from.key +
                         " would lie inside the file of another object (\"" +
                         std::string(up.substr(up.rfind('/') + 1)) + "\"); rename one of them");
      }
    }
  }
}

void make_folders(const std::vector<Fetch>& fetches) {
  std::string_view last;
  for (const Fetch& one : fetches) {
    const std::string_view parent = parent_of(one.to.native());
    if (parent == last) continue;
    last = parent;
    std::error_code error;
    fs::create_directories(parent, error);
    if (error) throw StorageError("create " + std::string(parent) + ": " + error.message());
  }
}

void fetch_all(const std::vector<Fetch>& fetches, bool gzip, const Staged& staged, S3Client& own,
               const S3Options& s3, const Clock& clock, const std::atomic<bool>& cancelled) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr error;
  std::mutex mutex;
  const auto work = [&](S3Client& client) {
    LastFolder folder;
    try {
      for (std::size_t i; !failed && (i = next++) < fetches.size();)
        fetch(client, fetches[i], gzip, folder, staged);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failed.exchange(true)) error = std::current_exception();
    }
  };
  std::vector<std::thread> threads;
  // A thread and its connection cost about as much as a small object: one for every four.
  const std::size_t count = std::min(kMostThreads, fetches.size() / 4);
  for (std::size_t i = 1; i < count; ++i) {
    threads.emplace_back([&] {
      S3Client client(s3, clock, cancelled);
      work(client);
    });
  }
  work(own);
  for (std::thread& thread : threads) thread.join();
  if (error) std::rethrow_exception(error);
}

void unpack(S3Client& client, const InputSpec& input, const fs::path& folder,
            const Staged& staged) {
  TarLimits limits;
  limits.bytes = staged.room.left();
  const FileDescriptor descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor) broken(folder);
  ArchiveReader reader(descriptor.get(), limits);
  try {
    client.get(parse_s3_uri(input.s3_uri), [&](std::string_view bytes) {
      reader.write(bytes);
      staged.progress.moved(bytes.size());
    });
    reader.finish();
  } catch (const BadArchive& bad) {
    throw InputError("cannot unpack " + input.s3_uri + ": " + bad.what() +
                     "; make it again (tar czf) and upload it");
  }
}

// What this instance fetches of an input.
std::vector<Fetch> fetches_of(S3Client& client, const InputSpec& input, const JobSpec& spec,
                              const fs::path& folder) {
  std::vector<Fetch> fetches;
  for (InputObject& object : input_objects(client, input)) {
    fetches.push_back(
        {std::move(object.from), std::move(object.etag), folder / object.path, object.size});
  }
  check_collisions(fetches);
  return share_of(std::move(fetches), input, spec);
}

void stage_one(S3Client& client, const InputSpec& input, const JobSpec& spec,
               const fs::path& folder, const S3Options& s3, const Clock& clock,
               const std::atomic<bool>& cancelled, const Staged& staged) {
  if (input.extract_tar) return unpack(client, input, folder, staged);
  const std::vector<Fetch> fetches = fetches_of(client, input, spec, folder);
  make_folders(fetches);
  std::uint64_t bytes = 0;
  for (const Fetch& one : fetches) bytes += one.size;
  staged.progress.expect(bytes, fetches.size());
  fetch_all(fetches, input.gzip, staged, client, s3, clock, cancelled);
}

}  // namespace

std::vector<InputObject> list_objects(S3Client& client, const InputSpec& input,
                                      const JobSpec& spec) {
  std::vector<InputObject> objects;
  for (Fetch& fetch : fetches_of(client, input, spec, "/")) {
    objects.push_back(
        {std::move(fetch.from), std::move(fetch.etag), fetch.to.string().substr(1), fetch.size});
  }
  return objects;
}

std::vector<PipePlan> stage_in(const JobSpec& spec, const fs::path& opt_ml, const S3Options& s3,
                               const Clock& clock, const std::atomic<bool>& cancelled,
                               DownloadProgress& progress) {
  std::vector<PipePlan> pipes;
  if (spec.inputs.empty()) return pipes;
  S3Client client(s3, clock, cancelled);
  Room room(spec, opt_ml);
  const Staged staged{room, progress};
  for (const InputSpec& input : spec.inputs) {
    try {
      if (input.pipe) {
        pipes.push_back(plan_pipe(client, input));
        continue;
      }
      const fs::path folder = host_path(opt_ml, input.local_path);
      std::error_code error;
      fs::create_directories(folder, error);
      if (error) throw StorageError("create " + folder.string() + ": " + error.message());
      stage_one(client, input, spec, folder, s3, clock, cancelled, staged);
    } catch (const std::invalid_argument& bad) {  // an S3 URI
      throw InputError(bad.what());
    }
  }
  return pipes;
}

}  // namespace clary::agent
