#include "api/s3/send.h"

#include <fcntl.h>

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <span>
#include <utility>

#include "api/s3/beside_work.h"
#include "base/errors.h"

namespace clary::api::s3 {
namespace {

namespace asio = boost::asio;

// How much of a plain file is sent at once; the kernel is told to read the next piece meanwhile.
constexpr std::uint64_t kFilePieceBytes = 4 << 20;
constexpr std::uint64_t kSealedPieceBytes = 256 << 10;

asio::awaitable<void> send_plain(Context& context, objects::ObjectContent& content, ByteRange range,
                                 BodyWriter& response) {
  std::uint64_t offset = range.offset;
  const auto end = range.offset + range.length;
  const bool many = !content.info().part_sizes.empty();
  while (offset < end) {
    const auto length = std::min(kFilePieceBytes, end - offset);
    // Only a multipart object opens further files on the way.
    objects::ObjectContent::Piece piece;
    if (many) {
      piece = co_await on_workers(context.workers, [&] { return content.piece(offset, length); });
    } else {
      piece = content.piece(offset, length);
    }
    if (piece.length == 0) break;
    if (end > offset + piece.length) {
      posix_fadvise(piece.file, static_cast<off_t>(piece.offset + piece.length),
                    static_cast<off_t>(kFilePieceBytes), POSIX_FADV_WILLNEED);
    }
    co_await response.write_file(piece.file, piece.offset, piece.length);
    offset += piece.length;
  }
}

// Encrypted bytes, piece after piece: opened on this thread where the kernel has them in memory,
// so that they are still in the processor's cache when they are sent; else read on the pool, the
// next piece beside the writing of the one before.
class SealedPieces {
 public:
  SealedPieces(objects::ObjectContent& content, ByteRange range)
      : content_(content), offset_(range.offset), end_(range.offset + range.length) {
    const auto room = std::min(range.length, kSealedPieceBytes);
    for (auto& buffer : buffers_) buffer = std::make_unique_for_overwrite<char[]>(room);
  }

  bool more() const { return offset_ < end_; }
  // Whether the next piece has to be read on the pool.
  bool waits() const { return waits_; }
  // The piece that was read last; the next one goes elsewhere.
  std::span<const std::byte> take() {
    const std::span piece(buffers_[current_].get(), std::exchange(filled_, 0));
    current_ = 1 - current_;
    return std::as_bytes(piece);
  }
  bool filled() const { return filled_ > 0; }

  void read_cached() {
    done(content_.read_cached(offset_, buffers_[current_].get(), wanted()));
    waits_ = filled_ == 0;
  }
  // blocks.
  void read() {
    read_cached();
    if (filled_ > 0) return;
    done(content_.read(offset_, buffers_[current_].get(), wanted()));
    if (filled_ == 0) throw StorageError("an object is shorter than its row says");
    if (more()) content_.read_ahead(offset_, std::min(kFilePieceBytes, end_ - offset_));
  }

 private:
  // Pieces end where chunks of the file do, so that no chunk is opened twice.
  std::uint64_t wanted() const {
    return std::min(kSealedPieceBytes - offset_ % kSealedPieceBytes, end_ - offset_);
  }
  void done(std::size_t count) {
    filled_ = count;
    offset_ += count;
  }

  objects::ObjectContent& content_;
  std::uint64_t offset_;
  const std::uint64_t end_;
  std::array<std::unique_ptr<char[]>, 2> buffers_;
  std::size_t current_ = 0, filled_ = 0;
  bool waits_ = true;
};

asio::awaitable<void> send_sealed(Context& context, objects::ObjectContent& content,
                                  ByteRange range, BodyWriter& response) {
  const auto executor = co_await asio::this_coro::executor;
  SealedPieces pieces(content, range);
  BesideWork work(executor, context.workers);
  std::exception_ptr failed;
  while (!failed && (pieces.more() || pieces.filled())) {
    if (!pieces.filled() && !pieces.waits()) pieces.read_cached();
    if (!pieces.filled()) {
      work.start([&pieces] { pieces.read(); });
      if ((failed = co_await work.join())) break;
    }
    const auto ready = pieces.take();
    if (pieces.more() && pieces.waits()) work.start([&pieces] { pieces.read(); });
    try {
      co_await response.write(ready);
    } catch (...) {
      failed = std::current_exception();
    }
    const auto unread = co_await work.join();
    if (!failed) failed = unread;
    // Other connections of this thread have their turn.
    co_await asio::post(executor, asio::use_awaitable);
  }
  if (failed) std::rethrow_exception(failed);
}

}  // namespace

asio::awaitable<void> send_files(Context& context, objects::ObjectContent& content, ByteRange range,
                                 BodyWriter& response) {
  if (range.length == 0) co_return;
  if (content.sendable()) {
    co_await send_plain(context, content, range, response);
  } else {
    co_await send_sealed(context, content, range, response);
  }
}

}  // namespace clary::api::s3
