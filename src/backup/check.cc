#include "backup/check.h"

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>
#include <optional>
#include <span>

#include "audit/verify.h"
#include "backup/folder_files.h"
#include "backup/volumes.h"
#include "base/crc.h"
#include "base/errors.h"
#include "base/text.h"
#include "keys/chunk_cipher.h"

namespace clary::backup {
namespace {

using store::Connection;

constexpr std::size_t kPiece = 1 << 20;
constexpr std::size_t kMaxProblems = 1000;
constexpr std::string_view kSealedMark = "CLARYENC";

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// One file or inline blob as its row describes it.
struct Stored {
  std::string what;  // "object bucket/key"
  std::string file;  // "" when inline
  std::uint64_t size = 0;
  std::string etag;
  std::optional<std::uint64_t> crc;  // of the bytes at rest
};

// CRC and MD5 of bytes as they pass.
class Sums {
 public:
  Sums() : md5_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(md5_.get(), EVP_md5(), nullptr); }
  void update(std::span<const std::byte> bytes) {
    if (size == 0) {
      sealed = std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size())
                   .starts_with(kSealedMark);
    }
    size += bytes.size();
    crc = crc_update(CrcKind::kCrc64nvme, crc, bytes);
    EVP_DigestUpdate(md5_.get(), bytes.data(), bytes.size());
  }
  std::string md5() {
    std::array<std::byte, 16> digest{};
    EVP_DigestFinal_ex(md5_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
    return hex(digest);
  }
  std::uint64_t size = 0, crc = 0;
  bool sealed = false;

 private:
  std::unique_ptr<EVP_MD_CTX, FreeContext> md5_;
};

class Check {
 public:
  explicit Check(const CheckOptions& options) : options_(options) {}

  CheckReport run() {
    with_database(kMetadata, [&](Connection& connection) { integrity(connection, kMetadata); });
    with_database(kObjects, [&](Connection& connection) {
      integrity(connection, kObjects);
      references(connection);
      contents(connection);
    });
    settle_missing();
    if (!options_.live) orphans();
    for (const auto& file : volume_files(options_.data_dir)) volume(file);
    audit_log();
    return std::move(report_);
  }

 private:
  void problem(std::string text) {
    if (report_.problems.size() < kMaxProblems) report_.problems.push_back(std::move(text));
    if (report_.problems.size() == kMaxProblems) {
      report_.notes.emplace_back("more problems than are listed");
    }
  }

  template <class Work>
  void with_database(std::string_view name, Work work) {
    const auto file = options_.data_dir / name;
    if (!std::filesystem::exists(file)) return problem(std::string(name) + " is missing");
    try {
      Connection connection(file, Connection::Mode::kReadOnly);
      connection.execute("BEGIN");
      work(connection);
      connection.finish_statements();
      connection.execute("ROLLBACK");
    } catch (const StorageError& error) {
      problem(std::string(name) + ": " + error.what());
    }
  }

  void integrity(Connection& connection, std::string_view name) {
    auto& query = connection.statement("PRAGMA integrity_check(20)");
    while (query.step()) {
      if (query.text(0) != "ok") problem(std::string(name) + ": " + std::string(query.text(0)));
    }
    auto& keys = connection.statement("PRAGMA foreign_key_check");
    while (keys.step()) {
      problem(std::string(name) + ": a row of " + std::string(keys.text(0)) + " points to " +
              std::string(keys.text(2)) + ", which has no such row");
    }
  }

  static bool has_column(Connection& connection, std::string_view table, std::string_view column) {
    auto& query = connection.statement("SELECT count(*) FROM pragma_table_info(?1) WHERE name=?2");
    query.bind(1, table).bind(2, column);
    return query.step() && query.integer(0) > 0;
  }

  // Each row of `sql` is one thing that points nowhere.
  void expect_none(Connection& connection, const char* sql, std::string_view what) {
    auto& query = connection.statement(sql);
    while (query.step()) {
      problem("objects.db: " + std::string(query.text(0)) + " " + std::string(what));
    }
  }

  void references(Connection& connection) {
    expect_none(connection,
                "SELECT 'object '||key FROM objects WHERE bucket NOT IN (SELECT id FROM buckets)",
                "is in a bucket that is not there");
    expect_none(connection,
                "SELECT 'object '||key FROM objects WHERE inline_id<>0 AND inline_id NOT IN "
                "(SELECT id FROM inline_objects)",
                "has no bytes");
    expect_none(connection,
                "SELECT 'object '||key FROM objects WHERE parts_id<>0 AND size<>(SELECT "
                "coalesce(sum(p.size),-1) FROM parts p WHERE p.upload=objects.parts_id)",
                "does not have the parts that make its size");
    expect_none(connection,
                "SELECT 'upload '||upload_id FROM uploads WHERE bucket NOT IN (SELECT id FROM "
                "buckets)",
                "is in a bucket that is not there");
    auto& stray = connection.statement(
        "SELECT count(*) FROM parts WHERE upload NOT IN (SELECT id FROM uploads) AND upload NOT IN "
        "(SELECT parts_id FROM objects)");
    if (stray.step() && stray.integer(0) > 0) {
      report_.notes.push_back(std::to_string(stray.integer(0)) +
                              " parts belong to no object and no upload");
    }
  }

  void contents(Connection& connection) {
    const std::string crc_of_objects =
        has_column(connection, "objects", "at_rest_crc") ? "o.at_rest_crc" : "NULL";
    const std::string crc_of_parts =
        has_column(connection, "parts", "at_rest_crc") ? "p.at_rest_crc" : "NULL";
    auto& objects = connection.composed(
        "SELECT b.name||'/'||o.key,o.size,o.etag,o.file,o.inline_id,i.bytes," + crc_of_objects +
        " FROM objects o LEFT JOIN buckets b ON b.id=o.bucket "
        "LEFT JOIN inline_objects i ON i.id=o.inline_id");
    while (objects.step()) {
      ++report_.objects;
      Stored stored{.what = "object " + std::string(objects.text(0)),
                    .file = std::string(objects.text(3)),
                    .size = static_cast<std::uint64_t>(objects.integer(1)),
                    .etag = std::string(objects.text(2)),
                    .crc = {}};
      if (!objects.is_null(6)) stored.crc = static_cast<std::uint64_t>(objects.integer(6));
      if (objects.integer(4) != 0) {
        Sums sums;
        sums.update(objects.blob(5));
        compare(stored, sums);
      } else if (!stored.file.empty()) {
        check_file(stored);
      }
    }
    auto& parts = connection.composed("SELECT p.upload,p.number,p.size,p.etag,p.file," +
                                      crc_of_parts + " FROM parts p");
    while (parts.step()) {
      Stored stored{.what = "part " + std::to_string(parts.integer(1)) + " of upload " +
                            std::to_string(parts.integer(0)),
                    .file = std::string(parts.text(4)),
                    .size = static_cast<std::uint64_t>(parts.integer(2)),
                    .etag = std::string(parts.text(3)),
                    .crc = {}};
      if (!parts.is_null(5)) stored.crc = static_cast<std::uint64_t>(parts.integer(5));
      check_file(stored);
    }
  }

  void check_file(const Stored& stored) {
    if (!is_data_name(stored.file)) return problem(stored.what + " names an odd file");
    std::ifstream in(data_file(options_.data_dir / kData, stored.file), std::ios::binary);
    if (!in) {
      missing_.emplace_back(stored.file, stored.what);
      return;
    }
    ++report_.files;
    Sums sums;
    std::vector<char> buffer(options_.contents ? kPiece : kSealedMark.size());
    while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), in.gcount() > 0) {
      sums.update(std::as_bytes(std::span(buffer).first(static_cast<std::size_t>(in.gcount()))));
      if (!options_.contents) break;
    }
    if (!options_.contents) {
      in.clear();
      in.seekg(0, std::ios::end);
      sums.size = static_cast<std::uint64_t>(in.tellg());
    }
    report_.bytes_read += options_.contents ? sums.size : 0;
    compare(stored, sums);
  }

  void compare(const Stored& stored, Sums& sums) {
    const std::uint64_t expected = sums.sealed ? keys::sealed_size(stored.size) : stored.size;
    // An object may begin with the mark by itself.
    if (sums.size != expected && sums.size != stored.size) {
      return problem(stored.what + " has " + std::to_string(sums.size) + " bytes on disk, not " +
                     std::to_string(expected));
    }
    if (!options_.contents && !stored.file.empty()) return;
    if (stored.crc) {
      if (*stored.crc != sums.crc) problem(stored.what + " is damaged: its checksum is another");
      return;
    }
    const bool is_md5 = stored.etag.size() == 32 && !sums.sealed;
    if (is_md5 && sums.md5() != stored.etag) {
      problem(stored.what + " is damaged: its MD5 is not its ETag");
    }
  }

  // Beside a server, an object may have been deleted between its row and its file.
  void settle_missing() {
    if (missing_.empty()) return;
    std::set<std::string> still;
    with_database(kObjects, [&](Connection& connection) { still = named_files(connection); });
    for (const auto& [file, what] : missing_) {
      if (still.contains(file)) problem(what + " has lost its file " + file);
    }
  }

  void orphans() {
    std::set<std::string> named;
    with_database(kObjects, [&](Connection& connection) { named = named_files(connection); });
    std::uint64_t count = 0, bytes = 0;
    std::error_code error;
    for (std::filesystem::recursive_directory_iterator entry(options_.data_dir / kData, error), end;
         !error && entry != end; entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      if (!entry->is_regular_file() || !is_data_name(name) || named.contains(name)) continue;
      ++count;
      bytes += entry->file_size();
      // What cannot be read names no files: then nothing is an orphan for certain.
      if (options_.repair && report_.problems.empty()) {
        std::error_code ignored;
        std::filesystem::remove(entry->path(), ignored);
      }
    }
    if (count == 0) return;
    const std::string text = std::to_string(count) + " data files (" + std::to_string(bytes) +
                             " bytes) belong to no object";
    if (options_.repair && report_.problems.empty()) {
      report_.repaired.push_back(text + ": removed");
    } else {
      report_.notes.push_back(text + "; the next start of the server removes them");
    }
  }

  // What is in it only its key tells; e2fsck looks at the rest when it is opened.
  void volume(const std::filesystem::path& file) {
    if (file.filename() != kVolumeImage) return;
    std::ifstream in(options_.data_dir / file, std::ios::binary);
    std::array<char, 2> magic{};  // of ext4(5), in its superblock
    in.seekg(1024 + 0x38).read(magic.data(), magic.size());
    if (!in || magic != std::array{'\x53', '\xEF'}) {
      problem(file.generic_string() + " has no file system of a notebook instance in it");
    }
  }

  void audit_log() {
    const auto folder = options_.data_dir / "audit";
    if (!std::filesystem::exists(folder)) {
      report_.notes.emplace_back("there is no audit log");
      return;
    }
    const audit::Verification result =
        audit::verify(folder, options_.seal, {.live = options_.live, .expected = {}});
    report_.audit_records = result.records;
    for (const std::string& note : result.notes) report_.notes.push_back("audit log: " + note);
    if (result.fault) {
      const audit::Fault& fault = *result.fault;
      problem("audit log: " +
              (fault.file.empty() ? "" : fault.file + " line " + std::to_string(fault.line) + " ") +
              fault.what);
    }
    if (std::filesystem::exists(folder / "events.db")) audit_index(folder);
  }

  void audit_index(const std::filesystem::path& folder) {
    bool good = true;
    try {
      Connection connection(folder / "events.db", Connection::Mode::kReadOnly);
      auto& query = connection.statement("PRAGMA quick_check(1)");
      good = query.step() && query.text(0) == "ok";
    } catch (const StorageError&) {
      good = false;
    }
    if (good) return;
    if (!options_.repair || options_.live) {
      return problem("audit/events.db is damaged; --repair removes it, and it is made anew");
    }
    for (const char* name : {"events.db", "events.db-wal", "events.db-shm"}) {
      std::filesystem::remove(folder / name);
    }
    report_.repaired.emplace_back("audit/events.db was damaged: removed, the server makes it anew");
  }

  const CheckOptions& options_;
  CheckReport report_;
  std::vector<std::pair<std::string, std::string>> missing_;  // file, whose
};

}  // namespace

CheckReport check_folder(const CheckOptions& options) {
  if (!std::filesystem::is_directory(options.data_dir)) {
    throw StorageError(options.data_dir.string() + " is no folder");
  }
  return Check(options).run();
}

}  // namespace clary::backup
