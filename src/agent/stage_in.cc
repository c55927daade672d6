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
#include "base/json.h"
#include "process/encrypted_disk.h"
#include "process/file_descriptor.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;
using process::FileDescriptor;

constexpr std::size_t kMostThreads = 8;
constexpr std::size_t kManifestBytes = 256 << 20;
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
                         ? "the inputs need more than the machine's disk has left"
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

std::string_view parent_of(const fs::path& file) {
  const std::string_view path = file.native();
  return path.substr(0, path.rfind('/'));
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
    const std::string_view parent = parent_of(file);
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
        file_(openat(folder.of(path), path.native().c_str() + parent_of(path).size() + 1,
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
                     wanted.from.key + " (CompressionType is Gzip)");
  }
}

std::vector<Fetch> of_prefix(S3Client& client, const InputSpec& input, const fs::path& folder) {
  const S3Location where = parse_s3_uri(input.s3_uri);
  std::vector<Fetch> fetches;
  for (const S3Object& object : client.list(where.bucket, where.key)) {
    const std::string path = path_below(where.key, object.key);
    if (path.empty()) continue;
    fetches.push_back({{where.bucket, object.key}, object.etag, folder / path, object.size});
  }
  if (fetches.empty()) {
    throw InputError("no S3 objects were found under \"" + input.s3_uri +
                     "\", the data of channel \"" + input.name +
                     "\"; check the bucket, the prefix, and that the job's role may list it");
  }
  return fetches;
}

// [{"prefix": "s3://bucket/path/"}, "a.csv", "b/c.csv"]: CreateTrainingJob's S3DataSource describes
// it under S3Uri.
std::vector<Fetch> of_manifest(S3Client& client, const InputSpec& input, const fs::path& folder) {
  const S3Location where = parse_s3_uri(input.s3_uri);
  std::string text;
  client.get(where, [&](std::string_view bytes) {
    if (text.size() + bytes.size() > kManifestBytes) {
      throw InputError("the manifest " + input.s3_uri + " is too large");
    }
    text.append(bytes);
  });
  const auto bad = [&](const std::string& why) {
    return InputError("the manifest " + input.s3_uri + " of channel \"" + input.name + "\" " + why);
  };
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  const json::array* entries = error ? nullptr : value.if_array();
  if (entries == nullptr || entries->empty()) throw bad("is not a JSON array");
  const json::object* first = entries->front().if_object();
  const std::string prefix = first == nullptr ? "" : string_or(*first, "prefix");
  if (prefix.empty()) throw bad("does not begin with {\"prefix\": \"s3://...\"}");
  const S3Location base = parse_s3_uri(prefix);
  std::vector<Fetch> fetches;
  for (std::size_t i = 1; i < entries->size(); ++i) {
    const json::string* key = (*entries)[i].if_string();
    if (key == nullptr) throw bad("has an element " + std::to_string(i) + " that is no string");
    const std::string relative(*key);
    const std::string path = path_below("", relative);
    if (path.empty()) throw bad("names the folder \"" + relative + "\"");
    fetches.push_back({{base.bucket, base.key + relative}, "", folder / path});
  }
  if (fetches.empty()) throw bad("names no objects");
  return fetches;
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
    for (std::string_view up = parent_of(one.to); !up.empty(); up = up.substr(0, up.rfind('/'))) {
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
    const std::string_view parent = parent_of(one.to);
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
    throw InputError("cannot unpack " + input.s3_uri + ": " + bad.what());
  }
}

// What this instance fetches of an input.
std::vector<Fetch> share_of(S3Client& client, const InputSpec& input, const JobSpec& spec,
                            const fs::path& folder) {
  std::vector<Fetch> fetches;
  if (input.source == InputSpec::Source::kObject) {
    const S3Location where = parse_s3_uri(input.s3_uri);
    fetches.push_back({where, "", folder / path_below(where.key, where.key)});
  } else if (input.source == InputSpec::Source::kManifest) {
    fetches = of_manifest(client, input, folder);
  } else {
    fetches = of_prefix(client, input, folder);
  }
  check_collisions(fetches);
  if (input.sharded && spec.instance_count > 1) {
    std::vector<Fetch> mine;
    for (std::size_t i = static_cast<std::size_t>(spec.instance_index); i < fetches.size();
         i += static_cast<std::size_t>(spec.instance_count)) {
      mine.push_back(std::move(fetches[i]));
    }
    fetches = std::move(mine);
  }
  return fetches;
}

void stage_one(S3Client& client, const InputSpec& input, const JobSpec& spec,
               const fs::path& folder, const S3Options& s3, const Clock& clock,
               const std::atomic<bool>& cancelled, const Staged& staged) {
  if (input.extract_tar) return unpack(client, input, folder, staged);
  const std::vector<Fetch> fetches = share_of(client, input, spec, folder);
  make_folders(fetches);
  std::uint64_t bytes = 0;
  for (const Fetch& one : fetches) bytes += one.size;
  staged.progress.expect(bytes, fetches.size());
  fetch_all(fetches, input.gzip, staged, client, s3, clock, cancelled);
}

}  // namespace

std::string path_below(const std::string& prefix, const std::string& key) {
  std::string rest = key;
  if (key == prefix) {
    rest = key.substr(key.rfind('/') + 1);
  } else if (key.starts_with(prefix)) {
    const bool whole = prefix.empty() || prefix.ends_with('/') || key[prefix.size()] == '/';
    rest = key.substr(whole ? prefix.size() : prefix.rfind('/') + 1);
  }
  if (rest.empty() || rest.ends_with('/')) return "";
  fs::path path;
  for (const fs::path& part : fs::path(rest)) {
    if (part == "..") throw InputError("the object key \"" + key + "\" leads out of its folder");
    if (part == "/" || part == "." || part.empty()) continue;
    path /= part;
  }
  return path.string();
}

std::vector<InputObject> list_objects(S3Client& client, const InputSpec& input,
                                      const JobSpec& spec) {
  std::vector<InputObject> objects;
  for (Fetch& fetch : share_of(client, input, spec, "")) {
    objects.push_back({std::move(fetch.from), std::move(fetch.etag), fetch.to.string()});
  }
  return objects;
}

void stage_in(const JobSpec& spec, const fs::path& opt_ml, const S3Options& s3, const Clock& clock,
              const std::atomic<bool>& cancelled, DownloadProgress& progress) {
  if (spec.inputs.empty()) return;
  S3Client client(s3, clock, cancelled);
  Room room(spec, opt_ml);
  const Staged staged{room, progress};
  for (const InputSpec& input : spec.inputs) {
    const fs::path folder = host_path(opt_ml, input.local_path);
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) throw StorageError("create " + folder.string() + ": " + error.message());
    try {
      stage_one(client, input, spec, folder, s3, clock, cancelled, staged);
    } catch (const std::invalid_argument& bad) {  // an S3 URI
      throw InputError(bad.what());
    }
  }
}

}  // namespace clary::agent
