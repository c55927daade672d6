#include "api/s3/send.h"

#include <fcntl.h>

#include <array>
#include <boost/asio/this_coro.hpp>
#include <memory>

#include "api/s3/beside_work.h"
#include "base/errors.h"

namespace clary::api::s3 {
namespace {

namespace asio = boost::asio;

// How much of a plain file is sent at once; the kernel is told to read the next piece meanwhile.
constexpr std::uint64_t kFilePieceBytes = 4 << 20;
constexpr std::uint64_t kSealedPieceBytes = 512 << 10;

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

asio::awaitable<void> send_sealed(Context& context, objects::ObjectContent& content,
                                  ByteRange range, BodyWriter& response) {
  struct Buffer {
    std::unique_ptr<char[]> bytes;
    std::size_t filled = 0;
  };
  std::array<Buffer, 2> buffers;
  const auto room = std::min(range.length, kSealedPieceBytes);
  for (auto& buffer : buffers) buffer.bytes = std::make_unique_for_overwrite<char[]>(room);
  std::uint64_t offset = range.offset;
  const auto end = range.offset + range.length;
  const auto read_next = [&](Buffer& buffer) {
    // Pieces end where chunks of the file do, so that no chunk is opened twice.
    const auto piece = std::min(kSealedPieceBytes - offset % kSealedPieceBytes, end - offset);
    buffer.filled = content.read(offset, buffer.bytes.get(), std::min(piece, room));
    if (buffer.filled == 0) throw StorageError("an object is shorter than its row says");
    offset += buffer.filled;
  };
  BesideWork work(co_await asio::this_coro::executor, context.workers);
  std::size_t current = 0;
  std::exception_ptr failed;
  std::uint64_t left = range.length;
  work.start([&] { read_next(buffers[0]); });
  while (left > 0) {
    failed = co_await work.join();
    if (failed) break;
    const auto& ready = buffers[current];
    left -= ready.filled;
    current = 1 - current;
    if (left > 0) work.start([&read_next, &buffer = buffers[current]] { read_next(buffer); });
    try {
      co_await response.write(std::as_bytes(std::span(ready.bytes.get(), ready.filled)));
    } catch (...) {
      failed = std::current_exception();
    }
    if (failed) break;
  }
  const auto unread = co_await work.join();
  if (!failed) failed = unread;
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
