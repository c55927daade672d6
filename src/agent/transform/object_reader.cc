#include "agent/transform/object_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/gzip.h"
#include "base/errors.h"
#include "base/random.h"
#include "process/file_descriptor.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;
using process::FileDescriptor;

constexpr std::size_t kReadBytes = 256 * 1024;
// Of requests of several records, and of single records, when the payload has no limit.
constexpr std::size_t kUnlimitedBatch = 6 << 20;
constexpr std::size_t kUnlimitedRecord = 100 << 20;

// The reading was ended by who takes the parts.
struct Ended {};

[[noreturn]] void broken(const fs::path& path) {
  const int error = errno;
  throw StorageError("writing " + path.filename().string() + ": " + strerror(error),
                     error == ENOSPC ? StorageError::Kind::kFull : StorageError::Kind::kBroken);
}

std::shared_ptr<ScratchFile> fetched(const ObjectSource& source) {
  auto scratch = std::make_shared<ScratchFile>(source.scratch / random_hex(8));
  const FileDescriptor file(
      open(scratch->path().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) broken(scratch->path());
  const ByteSink write_all = [&](std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t size = ::write(file.get(), bytes.data(), bytes.size());
      if (size < 0) broken(scratch->path());
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
  };
  const InputObject& object = source.object;
  if (!source.transform.input.gzip) {
    source.client.get(object.from, write_all, object.etag);
    return scratch;
  }
  try {
    GzipReader reader(write_all);
    source.client.get(
        object.from, [&](std::string_view bytes) { reader.write(bytes); }, object.etag);
    reader.finish();
  } catch (const BadArchive& bad) {
    throw BadRecord(std::string(bad.what()) + " (CompressionType is Gzip)");
  }
  return scratch;
}

// Puts records together.
class Batches {
 public:
  Batches(const ObjectSource& source, const std::function<bool(ObjectPart)>& take)
      : source_(source),
        take_(take),
        lines_(source.transform.split == TransformSpec::Split::kLine),
        most_(source.limits.payload_bytes > 0 ? source.limits.payload_bytes : kUnlimitedBatch) {}

  void add(std::string record) {
    const std::string input = source_.processing.input_of(record);
    std::string& body = part_.payload.body;
    if (any_ && body.size() + input.size() + 1 > most_) flush();
    if (any_ && lines_) body += '\n';
    body += input;
    any_ = true;
    if (source_.processing.shapes_output()) part_.records.push_back(std::move(record));
    if (!source_.limits.multi_record) flush();
  }
  void flush() {
    if (!any_) return;
    any_ = false;
    if (!take_(std::exchange(part_, {}))) throw Ended();
  }

 private:
  const ObjectSource& source_;
  const std::function<bool(ObjectPart)>& take_;
  const bool lines_;
  const std::size_t most_;
  ObjectPart part_;
  bool any_ = false;
};

void read_records(const ObjectSource& source, const fs::path& path,
                  const std::function<bool(ObjectPart)>& take) {
  Batches batches(source, take);
  const std::size_t limit = source.limits.payload_bytes;
  RecordSplitter splitter(source.transform.split, limit > 0 ? limit : kUnlimitedRecord,
                          [&](std::string record) { batches.add(std::move(record)); });
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::vector<char> buffer(kReadBytes);
  for (ssize_t size; (size = read(file.get(), buffer.data(), buffer.size())) != 0;) {
    if (size < 0) throw StorageError("reading " + path.string());
    splitter.write({buffer.data(), static_cast<std::size_t>(size)});
  }
  splitter.finish();
  batches.flush();
}

}  // namespace

ScratchFile::~ScratchFile() {
  std::error_code ignored;
  fs::remove(path_, ignored);
}

void read_object(const ObjectSource& source, const std::function<bool(ObjectPart)>& take) {
  const std::shared_ptr<ScratchFile> file = fetched(source);
  const bool whole_file =
      source.transform.split == TransformSpec::Split::kNone && source.limits.payload_bytes == 0;
  const bool as_text = !source.processing.passes_input() || source.processing.shapes_output();
  if (whole_file && !as_text) {
    std::error_code error;
    if (fs::file_size(file->path(), error) == 0) return;
    take({.payload = {.body = {}, .file = file->path()}, .records = {}, .file = file});
    return;
  }
  try {
    read_records(source, file->path(), take);
  } catch (const Ended&) {
    // Its output is not wanted any more.
  }
}

}  // namespace clary::agent
