// Checking stored bytes against what their rows say.
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/file_io.h"
#include "base/text.h"
#include "keys/chunk_cipher.h"
#include "objects/file_writer.h"
#include "objects/scrub.h"

namespace clary::objects {
namespace {

constexpr std::size_t kBatch = 200;
constexpr std::size_t kPieceBytes = 1 << 20;

#define CLARY_SCRUB_COLUMNS                                                               \
  "o.bucket,o.is_current,o.key,o.sequence,o.version_id,o.size,o.etag,o.inline_id,o.file," \
  "o.parts_id,o.encryption<>'',o.at_rest_crc,(SELECT name FROM buckets b WHERE b.id=o.bucket)"
constexpr char kSameKey[] =
    "SELECT " CLARY_SCRUB_COLUMNS
    " FROM objects o WHERE bucket=?1 AND is_current=?2 AND key=?3 AND sequence<?4 "
    "ORDER BY sequence DESC LIMIT ?5";
constexpr char kNextKeys[] = "SELECT " CLARY_SCRUB_COLUMNS
                             " FROM objects o WHERE (bucket,is_current,key)>(?1,?2,?3) "
                             "ORDER BY bucket,is_current,key,sequence DESC LIMIT ?4";
constexpr char kParts[] =
    "SELECT number,size,etag,file,at_rest_crc FROM parts WHERE upload=?1 ORDER BY number";
constexpr char kInline[] = "SELECT bytes FROM inline_objects WHERE id=?1";
constexpr char kStillThere[] =
    "SELECT 1 FROM objects WHERE bucket=?1 AND is_current IN (0,1) AND key=?2 AND sequence=?3 AND "
    "inline_id=?4 AND file=?5 AND parts_id=?6";
constexpr char kPartStillThere[] = "SELECT 1 FROM parts WHERE upload=?1 AND number=?2 AND file=?3";

struct Version {
  ScrubPosition position;
  std::string bucket_name, version_id;
  std::uint64_t size = 0;
  std::string etag, file;
  std::int64_t inline_id = 0, parts_id = 0;
  bool encrypted = false;
  std::optional<std::uint64_t> crc;
};

// One run of stored bytes: a whole object's or a part's.
struct Piece {
  int part = 0;
  std::uint64_t size = 0;
  std::string etag, file;
  std::optional<std::uint64_t> crc;
};

std::optional<std::uint64_t> crc_of(const store::Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return static_cast<std::uint64_t>(row.integer(column));
}

Version version_of(const store::Statement& row) {
  Version version;
  version.position = {row.integer(0), row.integer(1), std::string(row.text(2)), row.integer(3)};
  version.version_id = row.text(4);
  version.size = static_cast<std::uint64_t>(row.integer(5));
  version.etag = row.text(6);
  version.inline_id = row.integer(7);
  version.file = row.text(8);
  version.parts_id = row.integer(9);
  version.encrypted = row.integer(10) != 0;
  version.crc = crc_of(row, 11);
  version.bucket_name = row.text(12);
  return version;
}

std::vector<Version> next_batch(const StoreView& store, const ScrubPosition& after) {
  std::vector<Version> batch;
  store.read([&](store::Connection& rows) {
    auto& same = rows.statement(kSameKey).bind(1, after.bucket).bind(2, after.is_current);
    same.bind(3, after.key).bind(4, after.sequence).bind(5, kBatch);
    while (same.step()) batch.push_back(version_of(same));
    if (batch.size() == kBatch) return;
    auto& next = rows.statement(kNextKeys).bind(1, after.bucket).bind(2, after.is_current);
    next.bind(3, after.key).bind(4, kBatch - batch.size());
    while (next.step()) batch.push_back(version_of(next));
  });
  return batch;
}

// CRC and, where there is none, MD5 of bytes as they come.
class Sum {
 public:
  explicit Sum(const Piece& piece, bool encrypted) : piece_(piece) {
    const bool md5 = !piece.crc && !encrypted && piece.etag.size() == 32;
    if (!md5) return;
    digest_.reset(EVP_MD_CTX_new());
    EVP_DigestInit_ex2(digest_.get(), EVP_md5(), nullptr);
  }
  bool verifiable() const { return piece_.crc || digest_; }
  void add(std::span<const std::byte> bytes) {
    if (piece_.crc) crc_ = crc_update(CrcKind::kCrc64nvme, crc_, bytes);
    if (digest_) EVP_DigestUpdate(digest_.get(), bytes.data(), bytes.size());
  }
  bool right() {
    if (piece_.crc) return crc_ == *piece_.crc;
    if (!digest_) return true;
    std::array<std::byte, 16> md5{};
    EVP_DigestFinal_ex(digest_.get(), reinterpret_cast<unsigned char*>(md5.data()), nullptr);
    return hex(md5) == piece_.etag;
  }

 private:
  const Piece& piece_;
  std::uint64_t crc_ = 0;
  std::unique_ptr<EVP_MD_CTX, DigestFree> digest_;
};

class OpenFile {
 public:
  explicit OpenFile(int file) : file_(file) {}
  ~OpenFile() {
    if (file_ >= 0) close(file_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int get() const { return file_; }

 private:
  const int file_;
};

// One pass at work.
class Verifier {
 public:
  Verifier(const StoreView& store, ScrubCounts counts, const VerifyHooks& hooks)
      : store_(store), counts_(counts), hooks_(hooks), buffer_(kPieceBytes) {}

  const ScrubCounts& counts() const { return counts_; }

  // False when the pace ended it.
  bool check(const Version& version) {
    ++counts_.objects;
    if (version.parts_id != 0) {
      for (const auto& part : parts_of(version)) {
        if (!check_piece(version, part)) return false;
      }
      return true;
    }
    // A delete marker has no bytes.
    if (version.inline_id == 0 && version.file.empty()) return true;
    return check_piece(version, {0, version.size, version.etag, version.file, version.crc});
  }

 private:
  std::vector<Piece> parts_of(const Version& version) {
    std::vector<Piece> parts;
    store_.read([&](store::Connection& rows) {
      auto& row = rows.statement(kParts).bind(1, version.parts_id);
      while (row.step()) {
        parts.push_back({static_cast<int>(row.integer(0)),
                         static_cast<std::uint64_t>(row.integer(1)), std::string(row.text(2)),
                         std::string(row.text(3)), crc_of(row, 4)});
      }
    });
    return parts;
  }

  bool check_piece(const Version& version, const Piece& piece) {
    stopped_ = false;
    const auto wrong =
        piece.file.empty() ? inline_fault(version, piece) : file_fault(version, piece);
    if (stopped_) return false;
    if (wrong && still_there(version, piece)) {
      hooks_.damaged({version.bucket_name, version.position.key, version.version_id, piece.part,
                      *wrong, Timestamp()});
    }
    return true;
  }

  std::optional<std::string> inline_fault(const Version& version, const Piece& piece) {
    std::optional<std::string> fault;
    std::size_t bytes = 0;
    store_.read([&](store::Connection& rows) {
      auto& row = rows.statement(kInline).bind(1, version.inline_id);
      if (!row.step()) {
        fault = "its bytes are missing";
        return;
      }
      const auto stored = row.blob(0);
      bytes = stored.size();
      Sum sum(piece, version.encrypted);
      sum.add(stored);
      if (bytes != stored_size(version, piece)) {
        fault = "its size changed";
      } else if (!sum.right()) {
        fault = "its bytes changed";
      }
      count(sum, bytes);
    });
    stopped_ = !hooks_.pace(bytes);
    return fault;
  }

  std::optional<std::string> file_fault(const Version& version, const Piece& piece) {
    const OpenFile file(store_.data.open_for_read(piece.file));
    if (file.get() < 0) return "its file is missing";
    struct stat state{};
    if (fstat(file.get(), &state) != 0) throw_io_error("stat", errno);
    const auto size = static_cast<std::uint64_t>(state.st_size);
    if (size != stored_size(version, piece)) return "its file's size changed";
    Sum sum(piece, version.encrypted);
    for (std::uint64_t offset = 0; offset < size;) {
      const auto count = read_at(file.get(), offset, buffer_.data(), buffer_.size());
      if (count == 0) return "its file's size changed";
      sum.add(std::as_bytes(std::span(buffer_.data(), count)));
      offset += count;
      stopped_ = !hooks_.pace(count);
      if (stopped_) return std::nullopt;
    }
    count(sum, size);
    if (!sum.right()) return "its bytes changed";
    return std::nullopt;
  }

  void count(const Sum& sum, std::uint64_t bytes) {
    counts_.bytes += bytes;
    if (!sum.verifiable()) ++counts_.unverifiable;
  }

  static std::uint64_t stored_size(const Version& version, const Piece& piece) {
    return version.encrypted ? keys::sealed_size(piece.size) : piece.size;
  }

  bool still_there(const Version& version, const Piece& piece) {
    bool there = false;
    store_.read([&](store::Connection& rows) {
      auto& row = rows.statement(kStillThere).bind(1, version.position.bucket);
      row.bind(2, version.position.key).bind(3, version.position.sequence);
      there = row.bind(4, version.inline_id).bind(5, version.file).bind(6, version.parts_id).step();
      if (!there || piece.part == 0) return;
      auto& part = rows.statement(kPartStillThere).bind(1, version.parts_id).bind(2, piece.part);
      there = part.bind(3, piece.file).step();
    });
    return there;
  }

  const StoreView& store_;
  ScrubCounts counts_;
  const VerifyHooks& hooks_;
  std::vector<char> buffer_;
  bool stopped_ = false;
};

}  // namespace

bool verify_objects(const StoreView& store, ScrubPosition position, ScrubCounts counts,
                    const VerifyHooks& hooks) {
  Verifier verifier(store, counts, hooks);
  while (true) {
    const auto batch = next_batch(store, position);
    if (batch.empty()) return true;
    for (const auto& version : batch) {
      if (!verifier.check(version)) return false;
    }
    position = batch.back().position;
    if (hooks.progress) hooks.progress(position, verifier.counts());
  }
}

}  // namespace clary::objects
